"""However much happens, a mailbox is not flooded, and nothing is left unsaid."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db.models import F

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.channels.emails import BY_EVENT, Letter
from sessions_ui.delivery import deliver_due
from tests.models import Delivery, EndReason, Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def ten(user: Any, browser: Any) -> None:
    """Ten acts of one kind within a moment."""
    for _ in range(10):
        browser().force_login(user)
        end_user_sessions(user=user, reason=EndReason.HELP_DESK)
    mail.outbox.clear()


def an_hour_later() -> None:
    hour = timedelta(hours=1)
    Delivery.objects.update(due_at=F("due_at") - hour, done_at=F("done_at") - hour)


def test_five_come_singly_and_the_rest_in_one_when_the_hour_is_over(ten: None) -> None:
    deliver_due()
    assert len(mail.outbox) == 5
    assert set(Delivery.objects.filter(done_at=None).values_list("attempts", flat=True)) == {0}
    deliver_due()
    assert len(mail.outbox) == 5
    an_hour_later()
    deliver_due()
    assert len(mail.outbox) == 6
    digest = mail.outbox[5]
    assert digest.subject == "5 more messages about your account"
    assert digest.body.count("signed out by the help desk (ended: 1 sign-in)") == 5
    assert not Delivery.objects.filter(done_at=None).exists()


def test_another_kind_is_not_delayed(ten: None, user: Any, browser: Any) -> None:
    """Else a thief would make a storm of one kind, and then change the password."""
    deliver_due()
    browser().force_login(user)
    end_user_sessions(user=user, reason=EndReason.PASSWORD_CHANGED)
    deliver_due()
    assert "the password was changed" in mail.outbox[-1].body


def test_another_person_is_not_delayed(ten: None, other_user: Any, browser: Any) -> None:
    deliver_due()
    browser().force_login(other_user)
    end_user_sessions(user=other_user, reason=EndReason.HELP_DESK)
    deliver_due()
    assert mail.outbox[-1].to == [other_user.email]


def test_a_digest_that_could_not_be_sent_loses_nothing(ten: None, monkeypatch: Any) -> None:
    deliver_due()
    an_hour_later()

    def refuse(self: Any, *args: Any) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        deliver_due()
    an_hour_later()
    Delivery.objects.update(leased_until=None)
    deliver_due()
    assert mail.outbox[-1].subject == "5 more messages about your account"
    assert not Delivery.objects.filter(done_at=None).exists()


def test_a_single_one_that_waited_comes_as_itself(ten: None) -> None:
    Delivery.objects.filter(
        pk__in=list(Delivery.objects.order_by("pk").values_list("pk", flat=True)[6:])
    ).delete()
    deliver_due()
    an_hour_later()
    deliver_due()
    assert len(mail.outbox) == 6 and "signed out" in mail.outbox[5].subject


def context(delivery: Delivery) -> dict[str, Any]:
    return {"act": delivery.event, "count": 1}


def test_a_code_that_somebody_waits_for_is_never_held_back(user: Any, monkeypatch: Any) -> None:
    waited_for = Letter(
        name="ended",
        kind="x",
        optional=False,
        context=context,
        awaited=True,
    )
    monkeypatch.setitem(BY_EVENT, Event.Kind.DEVICE_RENAMED, waited_for)
    for _ in range(8):
        event = Event.objects.create(kind=Event.Kind.DEVICE_RENAMED, user=user)
        Delivery.objects.create(event=event, user=user, channel="mail", receiver=user.email)
    mail.outbox.clear()
    deliver_due()
    assert len(mail.outbox) == 8


def test_events_of_one_kind_are_counted_like_acts(user: Any, monkeypatch: Any) -> None:
    letter = Letter(name="ended", kind="x", optional=False, context=context)
    monkeypatch.setitem(BY_EVENT, Event.Kind.DEVICE_RENAMED, letter)
    for _ in range(8):
        event = Event.objects.create(kind=Event.Kind.DEVICE_RENAMED, user=user)
        Delivery.objects.create(event=event, user=user, channel="mail", receiver=user.email)
    mail.outbox.clear()
    deliver_due()
    assert len(mail.outbox) == 5
    an_hour_later()
    deliver_due()
    assert "device renamed" in mail.outbox[5].body and len(mail.outbox) == 6
