"""Which of our periodic tasks nobody calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import Celery, current_app
from celery.beat import ScheduleEntry

from config import settings as site
from sessions_ui import tasks
from sessions_ui.checks.project import schedule
from sessions_ui.checks.project.schedule import periodic_tasks
from sessions_ui.services.queueing import PERIODIC
from tests.dropin.project import readme_blocks

NAMES = [
    "sessions_ui.tasks.sweep_deliveries",
    "sessions_ui.tasks.sweep_endings",
    "sessions_ui.tasks.reconcile",
    "sessions_ui.tasks.purge",
    "sessions_ui.tasks.seal",
    "sessions_ui.tasks.warn_of_tokens",
    "sessions_ui.tasks.end_unused",
]
EVERY_MINUTE = timedelta(minutes=1)


def entries(*names: str) -> dict[str, Any]:
    return {name: {"task": name, "schedule": EVERY_MINUTE} for name in names}


@pytest.fixture
def host(settings: Any) -> Iterator[Celery]:
    """The Celery app of a project that schedules nothing yet."""
    del settings.CELERY_BEAT_SCHEDULE
    before = current_app._get_current_object()
    app = Celery("host", set_as_current=True)
    yield app
    before.set_current()
    app.close()


def missing() -> list[str]:
    """What the one warning names."""
    named = [message.msg for message in periodic_tasks() if message.id == "sessions_ui.W038"]
    return re.findall(r"sessions_ui\.tasks\.\w+", "".join(named))


def test_the_check_names_every_task_where_there_is_no_schedule(host: Celery) -> None:
    assert missing() == NAMES
    [message] = periodic_tasks()
    assert message.hint is not None
    assert all(word in message.hint for word in ("SILENCED_SYSTEM_CHECKS", "django-celery-beat", "cron"))


def test_without_a_celery_app_it_says_what_cron_has_to_do(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    del settings.CELERY_BEAT_SCHEDULE
    monkeypatch.setattr(schedule, "host_app", lambda: None)
    [message] = periodic_tasks()
    assert message.id == "sessions_ui.W038"
    assert "no Celery app" in message.msg and "manage.py deliver" in message.msg
    settings.CELERY_BEAT_SCHEDULE = entries(*NAMES)
    assert periodic_tasks() == [], "beat runs elsewhere, with these settings"


def test_the_check_names_what_is_missing_and_nothing_else(host: Celery, settings: Any) -> None:
    settings.CELERY_BEAT_SCHEDULE = entries(NAMES[0], "people.tasks.greet", NAMES[2])
    assert missing() == [NAMES[1], *NAMES[3:]]


@pytest.mark.parametrize("name", ["CELERY_BEAT_SCHEDULE", "CELERYBEAT_SCHEDULE"])
def test_a_schedule_in_djangos_settings_counts_wherever_the_app_is(
    name: str, host: Celery, settings: Any
) -> None:
    setattr(settings, name, entries(*NAMES))
    assert periodic_tasks() == []


def test_a_schedule_of_the_app_counts_in_every_form(host: Celery) -> None:
    host.conf.beat_schedule = {
        **entries(*NAMES[:3], *NAMES[4:]),
        "purge": ScheduleEntry(name="purge", task=NAMES[3], schedule=EVERY_MINUTE, app=host),
    }
    assert periodic_tasks() == []


def test_tasks_that_are_added_when_the_app_is_ready_count(host: Celery) -> None:
    def add(sender: Celery, **kwargs: Any) -> None:
        for task in (
            tasks.sweep_deliveries,
            tasks.sweep_endings,
            tasks.reconcile,
            tasks.purge,
            tasks.seal,
            tasks.warn_of_tokens,
            tasks.end_unused,
        ):
            sender.add_periodic_task(60, task.s())

    host.on_after_finalize.connect(add)
    assert periodic_tasks() == []


def test_the_periodic_tasks_are_all_the_tasks_there_are() -> None:
    current_app.finalize()
    assert list(PERIODIC) == NAMES
    assert {name for name in current_app.tasks if name.startswith("sessions_ui.")} == set(NAMES)


def test_the_schedules_of_the_readme_and_of_the_site_are_complete() -> None:
    readme: dict[str, Any] = {}
    exec(readme_blocks()["settings.py, with Celery"], readme)
    for scheduled in (readme["CELERY_BEAT_SCHEDULE"], site.CELERY_BEAT_SCHEDULE):
        assert sorted(entry["task"] for entry in scheduled.values()) == sorted(NAMES)
