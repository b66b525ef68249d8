"""A code that somebody waits for is sent by whoever can send it now, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from sessions_ui import delivery, outbox
from sessions_ui.actions.step_up.codes import is_code_held_up, send_code
from sessions_ui.channels.emails.channel import SERVER
from sessions_ui.delivery import Outcome, deliver_all
from sessions_ui.metrics.health import WORKER_LATE
from sessions_ui.services import queueing
from tests.mailer import LOCMEM, SMTP, set_mailer
from tests.models import Delivery, Heartbeat, Session, VerificationCode

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(user: Any, browser: Any, django_capture_on_commit_callbacks: Any) -> Callable[[], None]:
    """Somebody asks for a code, and the request commits."""
    browser().force_login(user)
    Delivery.objects.all().delete()  # that a new device signed in is told, too
    session = Session.objects.of(user).get()

    def ask() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            send_code(user=user, session_id=session.pk, purpose=VerificationCode.Purpose.END_OLDER)

    return ask


@pytest.fixture
def worker() -> None:
    """One was at work a moment ago."""
    Heartbeat.beat("worker")


@pytest.fixture
def no_celery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queueing, "host_app", lambda: None)


def test_a_worker_that_is_at_work_sends_it(
    ask: Callable[[], None], worker: None, hastened: list[str]
) -> None:
    ask()
    assert hastened == [queueing.DELIVERIES] and mail.outbox == []
    assert deliver_all() == {Outcome.DELIVERED: 1}


def test_without_celery_the_request_sends_it_also_beside_cron(
    ask: Callable[[], None], worker: None, no_celery: None
) -> None:
    """Cron comes once a minute, and is a worker to the heartbeat."""
    ask()
    [sent] = mail.outbox
    assert VerificationCode.objects.get().code() in sent.body
    assert Delivery.objects.get().done_at is not None
    assert deliver_all() == {}


@pytest.mark.parametrize("seen", [None, WORKER_LATE + timedelta(seconds=1)])
def test_where_no_worker_was_seen_the_request_sends_it(
    seen: timedelta | None, ask: Callable[[], None], hastened: list[str]
) -> None:
    if seen is not None:
        Heartbeat.objects.create(name="worker", seen_at=timezone.now() - seen)
    ask()
    assert len(mail.outbox) == 1 and hastened == [queueing.DELIVERIES]


def test_where_the_broker_is_down_the_request_sends_it(
    ask: Callable[[], None], worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(app: object, name: str, **options: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("celery.Celery.send_task", refuse)
    ask()
    assert len(mail.outbox) == 1


def test_a_worker_that_was_faster_has_sent_the_only_one(
    ask: Callable[[], None], no_celery: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes between the request's look at the outbox and its claim."""

    def look(event: Any) -> list[int]:
        found = outbox.due(limit=10)
        deliver_all()
        return found

    monkeypatch.setattr(delivery.outbox, "open_about", look)
    ask()
    assert len(mail.outbox) == 1 and Delivery.objects.get().attempts == 1


def test_what_else_is_due_waits_for_cron(ask: Callable[[], None], no_celery: None, user: Any) -> None:
    """Nobody waits on the screen for it, so no request does."""
    other = Delivery.objects.create(user=user, channel="webhook", receiver="endpoint")
    ask()
    assert len(mail.outbox) == 1
    other.refresh_from_db()
    assert other.done_at is None and other.attempts == 0


def test_a_mail_server_that_is_away_fails_no_request_and_loses_no_code(
    ask: Callable[[], None], no_celery: None, user: Any, settings: Any
) -> None:
    set_mailer(settings, SMTP, host="127.0.0.1", port=1)
    ask()
    assert Delivery.objects.get().attempts == 0
    assert is_code_held_up(user)
    set_mailer(settings, LOCMEM)
    SERVER.reset()
    Delivery.objects.update(due_at=timezone.now())
    assert deliver_all() == {Outcome.DELIVERED: 1}
    assert not is_code_held_up(user)


def test_only_what_could_not_be_sent_is_held_up(
    ask: Callable[[], None], worker: None, user: Any, other_user: Any, hastened: list[str]
) -> None:
    assert not is_code_held_up(user)  # there is none
    ask()
    assert not is_code_held_up(user)  # the worker will take it in a moment
    delivery = Delivery.objects.get()
    for refused in ({"parked_at": timezone.now()}, {"error": "550 no such address"}):
        Delivery.objects.update(parked_at=None, error="")
        Delivery.objects.update(**refused)
        assert is_code_held_up(user) and not is_code_held_up(other_user)
    Delivery.objects.create(
        event=delivery.event, user=user, channel="mail", receiver="b@people.example", done_at=timezone.now()
    )
    assert not is_code_held_up(user)  # another of the addresses has it
