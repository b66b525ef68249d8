"""`manage.py sessions health`."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from sessions_ui.database.servers import Weakness
from sessions_ui.delivery import deliver_all
from sessions_ui.management.sessions import health as module
from tests.models import Delivery, Heartbeat

pytestmark = pytest.mark.django_db


def health(*arguments: str) -> str:
    out = StringIO()
    call_command("sessions", "health", *arguments, stdout=out)
    return out.getvalue()


def test_health_is_bad_where_no_worker_was_ever_seen() -> None:
    with pytest.raises(CommandError, match="No worker was seen at work"):
        health()


def test_health_is_good_while_the_worker_is_at_work() -> None:
    deliver_all()
    assert health() == "The worker is at work, and no message is late.\n"


def test_health_is_bad_when_the_worker_was_last_seen_too_long_ago() -> None:
    deliver_all()
    Heartbeat.objects.update(seen_at=timezone.now() - timedelta(seconds=90))
    health()
    with pytest.raises(CommandError, match="No worker"):
        health("--worker-within", "60")


def test_health_is_bad_when_a_message_has_waited_too_long(user: Any, browser: Any) -> None:
    deliver_all()
    browser().sign_in(user)
    browser().sign_in(user)
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=60))
    health()
    with pytest.raises(CommandError, match="A message has been waiting"):
        health("--told-within", "30")


@pytest.fixture
def weaknesses(monkeypatch: pytest.MonkeyPatch) -> list[Weakness]:
    """What is wrong with the database server; that of the tests has what is fast."""
    found: list[Weakness] = []
    monkeypatch.setattr(module, "examine", lambda connection: found)
    return found


def test_a_weak_database_server_is_named_and_no_reason_to_restart_the_worker(
    weaknesses: list[Weakness], capsys: pytest.CaptureFixture[str]
) -> None:
    deliver_all()
    weaknesses.append(Weakness.NO_SYNCHRONOUS_STANDBY)
    assert health() == "The worker is at work, and no message is late.\n"
    assert capsys.readouterr().err.startswith("Warning: There is a standby, and endings do not wait for it")


def test_a_monitor_can_ask_for_the_database_servers_alone(weaknesses: list[Weakness]) -> None:
    assert health("--database") == "Nothing is wrong with the database servers.\n"
    weaknesses.extend([Weakness.STALE_READS, Weakness.ONLY_READS])
    with pytest.raises(CommandError, match=r"(?s)wsrep_sync_wait=0.*only reads"):
        health("--database")
