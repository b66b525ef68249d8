"""What has to run by itself, now and then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks

from sessions_ui.services.queueing import PERIODIC, host_app

# Celery's name for it today in the namespace that its documentation proposes for Django, and the one before.
SETTINGS = ("CELERY_BEAT_SCHEDULE", "CELERYBEAT_SCHEDULE")


def periodic_tasks(**kwargs: Any) -> list[checks.CheckMessage]:
    scheduled = set(scheduled_tasks())
    missing = [task for task in PERIODIC if task not in scheduled]
    if not missing:
        return []
    if host_app() is None and len(missing) == len(PERIODIC):
        return [
            checks.Warning(
                "This project has no Celery app: people are told what happened when cron runs `manage.py deliver`. A "
                "code that somebody waits for is mailed by the request itself.",
                hint="Let cron run the commands of README.md, and put sessions_ui.W038 into SILENCED_SYSTEM_CHECKS. "
                "Where there is a Celery app, import it in the project's __init__.py, as Celery's documentation says.",
                id="sessions_ui.W038",
            )
        ]
    return [
        checks.Warning(
            f"No schedule of Celery beat names {', '.join(missing)}.",
            hint="Complete CELERY_BEAT_SCHEDULE (README.md). Where it is in the database (django-celery-beat) "
            "or cron runs the commands (docs/production.md), nothing can be seen of it here: put sessions_ui.W038 into "
            "SILENCED_SYSTEM_CHECKS.",
            id="sessions_ui.W038",
        )
    ]


def scheduled_tasks() -> Iterator[str]:
    """Return names of tasks, from Django's settings and from the Celery app of the project, whatever its namespace."""
    schedules = [getattr(settings, name, None) for name in SETTINGS]
    if (app := host_app()) is not None:
        app.finalize()  # by then `add_periodic_task()` has been called
        schedules.append(app.conf.beat_schedule)
    for schedule in schedules:
        for entry in (schedule or {}).values():
            yield entry["task"] if isinstance(entry, dict) else entry.task
