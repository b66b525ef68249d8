"""The mail that names beforehand what will be signed out because nobody uses it."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.endings.unused import end_unused
from sessions_ui.delivery import deliver_due
from sessions_ui.wording.sessions import moment_text
from tests.models import Delivery, Device, EndReason, Event, Session
from tests.unused import DAY, chose, let_them_last, unused_for

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _three_months(settings: Any, user: Any, time_machine: Any) -> None:
    let_them_last(settings, SITE_URL="https://example.org")
    time_machine.move_to(timezone.now(), tick=False)
    chose(user, 3)


def named(session: Session, name: str) -> Session:
    Device.objects.filter(pk=session.device_id).update(name=name)
    return session


def sent() -> list[Any]:
    deliver_due()
    return mail.outbox


def why_not() -> str:
    assert sent() == []
    delivery = Delivery.objects.get()
    assert delivery.done_at is not None
    return delivery.error


def test_it_says_what_was_used_when_and_until_when_it_stays(user: Any) -> None:
    session = named(unused_for(user, 90), "Old tablet")
    end_unused()
    [letter] = sent()
    assert letter.to == [user.email]
    assert letter.subject == "A device that you don’t use will be signed out"
    with timezone.override(UTC):  # as the mails to somebody whose zone nobody knows
        when, last = moment_text(timezone.now() + 7 * DAY), moment_text(session.last_seen_at)
    for body in (letter.body, letter.alternatives[0][0]):
        assert f"You haven’t used this device for a long time. It will be signed out on {when}:" in body
        assert "Old tablet" in body
        assert f"It was last used on {last}." in body
        assert (
            "To keep a device signed in, use it before then. Otherwise, you don’t need to do anything."
            in body
        )
        assert "You can change this on your devices page." in body
        assert "https://example.org/account/devices/" in body
    assert "can’t switch them off" not in letter.body


def test_several_are_counted_and_each_is_named(user: Any) -> None:
    for name in ("Old tablet", "Old phone"):
        named(unused_for(user, 90), name)
    end_unused()
    [letter] = sent()
    assert letter.subject == "2 devices that you don’t use will be signed out"
    assert "You haven’t used these 2 devices for a long time. They will be signed out on" in letter.body
    assert "Old tablet" in letter.body and "Old phone" in letter.body


def test_of_many_ten_are_named(user: Any) -> None:
    for number in range(12):
        named(unused_for(user, 90), f"Number {number}.")
    end_unused()
    [letter] = sent()
    assert letter.subject.startswith("12 devices")
    assert letter.body.count("Number ") == 10
    assert "and 2 more" in letter.body and "and 2 more" in letter.alternatives[0][0]


def test_what_was_used_since_is_left_out(user: Any) -> None:
    used = named(unused_for(user, 90), "Old tablet")
    named(unused_for(user, 90), "Old phone")
    end_unused()
    Session.objects.filter(pk=used.pk).update(last_seen_at=timezone.now() + timedelta(minutes=1))
    [letter] = sent()
    assert letter.subject == "A device that you don’t use will be signed out"
    assert "Old phone" in letter.body and "Old tablet" not in letter.body


@pytest.mark.parametrize("how", ["used", "signed out"])
def test_where_nothing_is_left_of_it_no_mail_comes(user: Any, how: str) -> None:
    session = unused_for(user, 90)
    end_unused()
    if how == "used":
        Session.objects.filter(pk=session.pk).update(last_seen_at=timezone.now() + timedelta(minutes=1))
    else:
        end_session(session=session, reason=EndReason.SIGNED_OUT)
    assert why_not() == "what it names was used or signed out since"


def test_whoever_chose_never_meanwhile_gets_no_mail(user: Any) -> None:
    unused_for(user, 90)
    end_unused()
    chose(user, 0)
    assert why_not() == "nothing is signed out for it any more"


def test_a_mail_whose_event_is_gone_is_given_up(user: Any) -> None:
    unused_for(user, 90)
    end_unused()
    Event.objects.filter(kind=Event.Kind.UNUSED_SOON)._raw_delete("default")
    assert sent() == []
    assert Delivery.objects.get().parked_at is not None
