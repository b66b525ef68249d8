"""Telling: at least once, by one worker at a time, and never lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db.models import F
from django.utils import timezone

from sessions_ui import outbox
from sessions_ui.actions.devices.lost import mark_found, mark_lost
from sessions_ui.actions.endings.end import end_sessions, end_user_sessions
from sessions_ui.actions.webhooks.endpoints import ping, save_endpoint
from sessions_ui.channels import CHANNELS, DeliveryFailed
from sessions_ui.conf import conf
from sessions_ui.delivery import Outcome, deliver_all, deliver_due
from sessions_ui.tasks import sweep_deliveries
from tests.models import Delivery, Device, Endpoint, EndReason, Event, Heartbeat, Session

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivery(user: Any, browser: Any) -> Delivery:
    browser().sign_in(user)
    browser().sign_in(user)
    Delivery.objects.all().delete()  # that a new device signed in is told, too
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_REMOTELY, actor=user)
    mail.outbox.clear()
    return Delivery.objects.get()


class Broken:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def deliver(self, delivery: Delivery) -> None:
        raise self.error


def test_the_mail_says_which_devices_and_why_and_is_sent_once(delivery: Delivery, user: Any) -> None:
    assert deliver_due() == {Outcome.DELIVERED: 1} and not deliver_due()
    message = mail.outbox.pop()
    assert not mail.outbox
    assert message.to == [user.email]
    assert "Firefox on Linux" in message.body and "London" in message.body
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    assert str(delivery.act_id) in message.extra_headers["Message-ID"]
    delivery.refresh_from_db()
    assert delivery.done_at is not None
    assert Event.objects.get(kind=Event.Kind.DELIVERED).act_id == delivery.act_id


def test_two_people_of_one_address_are_both_signed_out_and_told(
    user: Any, other_user: Any, browser: Any, monkeypatch: Any
) -> None:
    """Django's own user model does not ask for an address of one's own, and their act is one."""
    monkeypatch.setattr("sessions_ui.outbox.enqueue.email_field_name", lambda: "name")
    for person in (user, other_user):
        person.name = "both@people.example"
        person.save()
        browser().sign_in(person)
    assert end_sessions(sessions=Session.objects.all(), reason=EndReason.ADMINISTRATOR).ended == 2
    told = Delivery.objects.filter(act__isnull=False, receiver="both@people.example")
    assert set(told.values_list("user_id", flat=True)) == {user.pk, other_user.pk}


def test_no_key_or_digest_is_in_the_mail(delivery: Delivery) -> None:
    deliver_due()
    message = mail.outbox[0]
    for digest in Session.objects.values_list("digest", flat=True):
        assert digest not in message.body + message.subject


def test_two_workers_never_hold_the_same_delivery(delivery: Delivery) -> None:
    assert outbox.due(limit=10) == [delivery.pk]
    assert outbox.claim(delivery.pk) == delivery
    assert outbox.claim(delivery.pk) is None and outbox.due(limit=10) == []


def test_what_a_dead_worker_held_is_claimed_again_after_the_lease(delivery: Delivery) -> None:
    outbox.claim(delivery.pk)
    let_time_pass(conf.delivery_lease - timedelta(seconds=5))
    assert outbox.due(limit=10) == []
    let_time_pass(timedelta(seconds=6))
    assert outbox.due(limit=10) == [delivery.pk] and outbox.claim(delivery.pk) == delivery


def let_time_pass(time: timedelta) -> None:
    """For the leases, which go by the database's clock."""
    Delivery.objects.update(leased_until=F("leased_until") - time)


def test_a_lease_does_not_go_by_the_clock_of_its_host(delivery: Delivery) -> None:
    """A worker whose clock is an hour ahead would take from the others what they are at."""
    outbox.claim(delivery.pk)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert outbox.claim(delivery.pk) is None and not deliver_due()
    Delivery.objects.update(leased_until=None)
    with time_machine.travel(timezone.now() - timedelta(hours=1)):
        assert deliver_due() == {Outcome.DELIVERED: 1}, "and one whose clock is behind makes what is due"


def test_each_is_claimed_just_before_it_is_made(delivery: Delivery, monkeypatch: Any) -> None:
    """A worker that held a hundred at a time would lose most of them to the lease at the first slow receiver."""
    Delivery.objects.bulk_create(
        [Delivery(act=delivery.act, channel="mail", receiver=f"{n}@people.example") for n in range(5)]
    )
    held = []

    class Watching:
        def deliver(self, delivery: Delivery) -> None:
            held.append(Delivery.objects.filter(leased_until__isnull=False).count())

    monkeypatch.setitem(CHANNELS, "mail", Watching())
    assert deliver_due() == {Outcome.DELIVERED: 6}
    assert held == [1] * 6


def test_whoever_lost_the_lease_takes_it_from_nobody(delivery: Delivery) -> None:
    """It hung, another worker has the delivery, and now it fails: the other one's turn stays the other one's."""
    slow = outbox.claim(delivery.pk)
    let_time_pass(conf.delivery_lease)
    outbox.claim(delivery.pk)
    outbox.retry_or_park(slow, "TimeoutError", permanent=False)
    assert outbox.due(limit=10) == [] and outbox.claim(delivery.pk) is None
    delivery.refresh_from_db()
    assert delivery.leased_until is not None and delivery.error == ""


def test_whoever_lost_the_lease_holds_nothing_back(delivery: Delivery) -> None:
    """One mail too many within the hour, finds a worker that is late; another one is sending it."""
    slow = outbox.claim(delivery.pk)
    let_time_pass(conf.delivery_lease)
    assert slow is not None and outbox.claim(delivery.pk) is not None
    making = Delivery.objects.filter(pk=delivery.pk).values()
    before = list(making)
    outbox.hold(slow, timezone.now() + timedelta(hours=1))
    assert list(making.all()) == before


def test_two_accounts_that_are_gone_are_not_one_person(delivery: Delivery) -> None:
    """Both without a user, at one address: what waits for the one is not put into a mail to the other."""
    Delivery.objects.update(user_id=None, held_at=timezone.now())
    other = Delivery.objects.create(act=None, channel="mail", receiver=delivery.receiver)
    assert outbox.claim_held_with(other) == []
    delivery.refresh_from_db()
    assert (delivery.attempts, delivery.leased_until) == (0, None)


def test_what_failed_together_does_not_come_back_together(delivery: Delivery, monkeypatch: Any) -> None:
    Delivery.objects.bulk_create(
        [Delivery(act=delivery.act, channel="mail", receiver=f"{n}@people.example") for n in range(20)]
    )
    monkeypatch.setitem(CHANNELS, "mail", Broken(TimeoutError()))
    Delivery.objects.update(attempts=1)
    with time_machine.travel(timezone.now(), tick=False):
        now = timezone.now()
        deliver_due()
    waits = [due - now for due in Delivery.objects.values_list("due_at", flat=True)]
    assert timedelta(seconds=270) <= min(waits) < max(waits) - timedelta(seconds=5) < timedelta(seconds=330)


def test_a_run_begins_none_when_its_time_is_over(delivery: Delivery) -> None:
    assert not deliver_all(seconds=-1)
    assert deliver_all(seconds=5) == {Outcome.DELIVERED: 1}


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
    assert Event.objects.filter(kind=Event.Kind.DELIVERY_FAILED).count() == 1
    monkeypatch.undo()
    assert outbox.again(Delivery.objects.all()) == 1
    deliver_due()
    assert len(mail.outbox) == 1


def test_a_delivery_is_parked_after_the_last_attempt(delivery: Delivery, monkeypatch: Any) -> None:
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
    before = timezone.now()
    sweep_deliveries()
    assert len(mail.outbox) == 1
    assert Heartbeat.last("worker") >= before


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
    browser().force_login(user)
    with django_capture_on_commit_callbacks(execute=True):
        receipt = end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    assert receipt.ended == 1 and len(calls) == 1
    browser().force_login(user)
    with django_capture_on_commit_callbacks(execute=True):
        end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    assert len(calls) == 1, "and the next request does not wait for it again"


def test_a_webhook_is_made_at_once_and_not_by_the_next_sweep(
    user: Any, browser: Any, hastened: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    """Also of an event that no mail tells of."""
    save_endpoint(endpoint=Endpoint(url="https://hooks.example/", types=["device.found"]), actor=None)
    browser().force_login(user)
    device = Device.objects.get()
    mark_lost(device=device, actor=user)
    with django_capture_on_commit_callbacks(execute=True):
        mark_found(device=device, actor=user)
        assert hastened == []
    assert hastened == ["sessions_ui.tasks.sweep_deliveries"]


def tried_out(event: Event) -> None:
    save_endpoint(endpoint=Endpoint(url="https://hooks.example/", types=[]), actor=None)
    ping(endpoint=Endpoint.objects.get(), actor=None)


@pytest.mark.parametrize(
    ("put_in", "asked"),
    [
        (lambda event: outbox.enqueue_event(event, ["a@people.example", "b@people.example"]), 1),
        (lambda event: outbox.enqueue_event(event, []), 0),
        (lambda event: outbox.enqueue_awaited(event, ["a@people.example"]), 0),
        (lambda event: outbox.again(Delivery.objects.filter(done_at=None)), 0),
        (lambda event: outbox.again(Delivery.objects.all()), 1),
        (tried_out, 1),
    ],
    ids=["a mail", "no mail", "a mail that is awaited", "none again", "a webhook again", "a ping"],
)
def test_a_worker_is_asked_once_to_look_at_what_was_put_in(
    put_in: Any, asked: int, user: Any, hastened: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    event = Event.objects.create(kind=Event.Kind.FLAGGED, user=user)
    Delivery.objects.create(user=user, channel="webhook", receiver="endpoint 1", done_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        put_in(event)
        assert hastened == []
    assert hastened == ["sessions_ui.tasks.sweep_deliveries"] * asked
