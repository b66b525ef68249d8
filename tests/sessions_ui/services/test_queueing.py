"""A worker is asked through the Celery app of the host project, and nobody where it has none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from celery import Celery

from sessions_ui.services import queueing

# A project of its own each: what Celery has made stays for as long as the process lives.
DJANGO = """
import os, sys, threading
os.environ["DJANGO_SETTINGS_MODULE"] = "host_settings"
import types
sys.modules["host_settings"] = types.ModuleType("host_settings")
import host_settings
host_settings.SECRET_KEY = "x"
host_settings.INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "sessions_ui"]
host_settings.SESSION_ENGINE = "sessions_ui.store"
host_settings.ROOT_URLCONF = "sessions_ui.web.urls"
import django
"""
IN_A_THREAD = """
from sessions_ui.services import queueing
found = []
thread = threading.Thread(target=lambda: found.append(queueing.host_app()))
thread.start()
thread.join()
print(found[0] and found[0].main)
"""
MADE = "from celery import Celery\napp = Celery('host', broker='memory://')\n"
SETUP = "django.setup()\n"
# Somebody asks for the current app before there is one: Celery makes its own, and keeps it.
ASKED = "from celery import current_app\ncurrent_app.conf\n"
PROJECTS = {
    "without Celery": (SETUP, "None"),
    "with Celery's own app only": (ASKED + SETUP + ASKED, "None"),
    "made before the apps are set up": (MADE + SETUP, "host"),
    "made afterwards": (SETUP + MADE, "host"),
    "after somebody asked": (ASKED + MADE + SETUP, "host"),
}


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("project", PROJECTS)
def test_every_thread_knows_the_projects_app_and_no_other(project: str) -> None:
    program, expected = PROJECTS[project]
    assert run(DJANGO + program + IN_A_THREAD) == expected


def test_a_project_without_celery_neither_loads_it_nor_makes_an_app() -> None:
    program = f"""{DJANGO}{SETUP}
from django.core.checks import run_checks
from sessions_ui import store, delivery, middleware
from sessions_ui.services import queueing
ids = {{message.id for message in run_checks()}}
assert "sessions_ui.W038" in ids, ids
assert not queueing.queue_deliveries_task() and not queueing.queue_endings_task()
print(sorted(name for name in sys.modules if name.partition(".")[0] in ("celery", "kombu", "billiard")))
"""
    assert run(program) == "[]"


def test_queueing_says_whether_somebody_could_be_asked(
    hastened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert queueing.queue_endings_task() and hastened == [queueing.ENDINGS]
    monkeypatch.setattr(queueing, "host_app", lambda: None)
    assert not queueing.queue_endings_task() and hastened == [queueing.ENDINGS]


@pytest.fixture
def broker_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Celery]:
    """`broker_of("memory://")`: the host's app with this broker, whatever the environment names."""
    for name in ("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL"):
        monkeypatch.delenv(name, raising=False)

    def make(address: str) -> Celery:
        app = Celery("host", broker=address, set_as_current=False)
        monkeypatch.setattr(queueing, "host_app", lambda: app)
        return app

    return make


@pytest.mark.parametrize("scheme", ["amqp", "redis"])
def test_nobody_waits_for_a_broker_that_refuses(
    scheme: str, broker_of: Callable[[str], Celery], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kombu tries again for as long as a connection may take, and sleeps in between."""
    with broker_of(f"{scheme}://127.0.0.1:1"):
        naps: list[float] = []
        monkeypatch.setattr("kombu.utils.functional.sleep", naps.append)
        assert not queueing.queue_deliveries_task()
        assert naps == []


def test_a_connection_that_the_broker_has_closed_is_made_anew(broker_of: Callable[[str], Celery]) -> None:
    with broker_of("memory://") as app:
        assert queueing.queue_deliveries_task()
        with app.producer_pool.acquire() as producer:
            producer.connection.close()
        assert queueing.queue_endings_task()
        with app.connection_for_read() as connection, connection.SimpleQueue("celery") as queue:
            tasks = [queue.get(timeout=1).headers["task"] for _ in range(2)]
    assert tasks == [queueing.DELIVERIES, queueing.ENDINGS]


def test_a_broker_that_is_down_could_not_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(app: object, name: str, **options: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("celery.Celery.send_task", refuse)
    assert not queueing.queue_deliveries_task()
