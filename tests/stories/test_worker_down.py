"""Worker and broker are down, and a device is signed out all the same; the mail goes out when they are back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app

from tests.database import database_url
from tests.models import Delivery, Session

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

SECONDS = 60


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    folder = tmp_path / "mails"
    folder.mkdir()
    return folder


@pytest.fixture
def start_worker(mails: Path, tmp_path: Path) -> Iterator[Any]:
    """A real worker with beat, on the broker of this run, working on the test database."""
    started = []

    def start() -> None:
        environment = {**os.environ, "DATABASE_URL": database_url(), "EMAIL_URL": f"filemail:///{mails}"}
        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-P", "threads", "-c", "2", "-B"]
        command += ["-s", str(tmp_path / "beat"), "-Q", current_app.conf.task_default_queue]
        with (tmp_path / "worker.log").open("w") as log:
            started.append(
                subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
            )

    yield start
    for process in started:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.control("CSF RS.MI-01")
def test_signing_out_needs_neither_and_the_mail_goes_out_once(
    user: Any, browser: Any, monkeypatch: Any, start_worker: Any, mails: Path, tmp_path: Path
) -> None:
    """Invariant 2, and trap L: the end survives a broker outage."""
    monkeypatch.setattr(current_app.conf, "broker_url", "amqp://guest:guest@127.0.0.1:1//")
    laptop, phone = browser(), browser()
    laptop.sign_in(user)
    phone.sign_in(user)
    Delivery.objects.all().delete()  # that a new device signed in is told, too

    laptop.post("/account/devices/sign-out-others/")
    assert phone.get("/account/devices/").status_code == 302
    assert Session.objects.living().count() == 1
    assert Delivery.objects.get().done_at is None and not list(mails.iterdir())

    start_worker()
    deadline = time.monotonic() + SECONDS
    while Delivery.objects.filter(done_at__isnull=True).exists():
        assert time.monotonic() < deadline, (tmp_path / "worker.log").read_text()
        time.sleep(0.2)
    time.sleep(1)
    assert len(list(mails.iterdir())) == 1
    assert Delivery.objects.get().attempts == 1
