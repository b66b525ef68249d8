"""Telling: at least once, by one worker at a time, and never lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from sessions_ui import hasten, outbox
from sessions_ui.actions.end import end_user_sessions
from sessions_ui.channels import CHANNELS, DeliveryFailed
from sessions_ui.conf import conf
from sessions_ui.delivery import deliver_due
from sessions_ui.models import Delivery, EndReason, Event, Heartbeat, Session
from sessions_ui.tasks import sweep_deliveries

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivery(user: Any, browser: Any) -> Delivery:
    browser().sign_in(user)
    browser().sign_in(user)
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_REMOTELY, actor=user)
    mail.outbox.clear()
    return Delivery.objects.get()


class Broken:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def deliver(self, delivery: Delivery) -> None:
        raise self.error


def test_the_mail_says_which_devices_and_why_and_is_sent_once(delivery: Delivery, user: Any) -> None:
    assert deliver_due() == 1 and deliver_due() == 0
    message = mail.outbox.pop()
    assert not mail.outbox
    assert message.to == [user.email]
    assert "Firefox on Linux" in message.body and "London" in message.body
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    assert str(delivery.act_id) in message.extra_headers["Message-ID"]
    delivery.refresh_from_db()
    assert delivery.done_at is not None
    assert Event.objects.get(kind=Event.Kind.TOLD).act_id == delivery.act_id


def test_no_key_or_digest_is_in_the_mail(delivery: Delivery) -> None:
    deliver_due()
    message = mail.outbox[0]
    for digest in Session.objects.values_list("digest", flat=True):
        assert digest not in message.body + message.subject


def test_two_workers_never_hold_the_same_delivery(delivery: Delivery) -> None:
    assert len(outbox.claim(limit=10)) == 1
    assert outbox.claim(limit=10) == []


def test_what_a_dead_worker_held_is_claimed_again_after_the_lease(delivery: Delivery) -> None:
    outbox.claim(limit=10)
    later = timezone.now() + conf.delivery_lease + timedelta(seconds=1)
    assert [again.pk for again in outbox.claim(limit=10, now=later)] == [delivery.pk]


def test_a_passing_failure_is_tried_again_later(delivery: Delivery, monkeypatch: Any) -> None:
    monkeypatch.setitem(CHANNELS, "mail", Broken(ConnectionRefusedError()))
    deliver_due()
    delivery.refresh_from_db()
    assert (delivery.done_at, delivery.parked_at, delivery.attempts) == (None, None, 1)
    assert delivery.due_at > timezone.now() and delivery.error == "ConnectionRefusedError"
    monkeypatch.undo()
    Delivery.objects.update(due_at=timezone.now())
    deliver_due()
    assert len(mail.outbox) == 1


def test_a_permanent_failure_is_parked_for_an_administrator(delivery: Delivery, monkeypatch: Any) -> None:
    monkeypatch.setitem(CHANNELS, "mail", Broken(DeliveryFailed("no such mailbox", permanent=True)))
    deliver_due()
    delivery.refresh_from_db()
    assert delivery.parked_at is not None and delivery.error == "no such mailbox"
    assert Event.objects.filter(kind=Event.Kind.TELLING_FAILED).count() == 1
    monkeypatch.undo()
    assert outbox.retry(Delivery.objects.all()) == 1
    deliver_due()
    assert len(mail.outbox) == 1


def test_it_is_parked_after_the_last_attempt(delivery: Delivery, monkeypatch: Any) -> None:
    monkeypatch.setitem(CHANNELS, "mail", Broken(TimeoutError()))
    for _ in range(len(conf.delivery_retries) + 1):
        Delivery.objects.update(due_at=timezone.now())
        deliver_due()
    delivery.refresh_from_db()
    assert delivery.parked_at is not None
    assert delivery.attempts == len(conf.delivery_retries) + 1


def test_one_broken_delivery_does_not_stop_the_others(
    delivery: Delivery, other_user: Any, browser: Any, monkeypatch: Any
) -> None:
    browser().force_login(other_user)
    end_user_sessions(user=other_user, reason=EndReason.ADMINISTRATOR)
    Delivery.objects.filter(pk=delivery.pk).update(channel="no such channel")
    deliver_due()
    assert [message.to for message in mail.outbox] == [[other_user.email]]


def test_the_sweep_is_the_workers_heartbeat(delivery: Delivery) -> None:
    sweep_deliveries()
    assert len(mail.outbox) == 1
    assert Heartbeat.last("worker") > timezone.now() - timedelta(seconds=5)


def test_the_age_of_the_outbox_is_that_of_its_oldest_due_row(delivery: Delivery) -> None:
    Delivery.objects.update(due_at=timezone.now() - timedelta(minutes=5))
    assert outbox.oldest_open() >= timedelta(minutes=5)
    deliver_due()
    assert outbox.oldest_open() is None


def test_a_broker_that_is_down_stops_nobody(
    user: Any, browser: Any, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """Invariant 2."""
    calls = []

    def refuse(*args: Any, **kwargs: Any) -> None:
        calls.append(args)
        raise ConnectionRefusedError

    monkeypatch.setattr("celery.Celery.send_task", refuse)
    monkeypatch.setattr(hasten, "_paused_until", 0.0)
    browser().force_login(user)
    with django_capture_on_commit_callbacks(execute=True):
        receipt = end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    assert receipt.ended == 1 and len(calls) == 1
    browser().force_login(user)
    with django_capture_on_commit_callbacks(execute=True):
        end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    assert len(calls) == 1, "and the next request does not wait for it again"
