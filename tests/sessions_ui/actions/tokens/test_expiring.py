"""The warning before an access token ends: one mail a token, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.tokens import expiring
from sessions_ui.actions.tokens.expiring import warn_of_expiring
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.database import moments
from sessions_ui.delivery import deliver_due
from sessions_ui.store import SessionStore
from sessions_ui.tasks import warn_of_tokens
from sessions_ui.wording.sessions import moment_text
from tests.conftest import refused_events
from tests.models import AccessToken, Delivery, EndReason, Event, ServiceAccount, Session

pytestmark = pytest.mark.django_db


def later(time_machine: Any, **passed: float) -> None:
    time_machine.move_to(timezone.now() + timedelta(**passed), tick=False)


def letters() -> list[Any]:
    mail.outbox.clear()
    deliver_due()
    return mail.outbox


def test_a_week_before_its_end_the_owner_is_told_once(user: Any, make_token: Any, time_machine: Any) -> None:
    made = make_token(user)
    later(time_machine, days=22)
    assert warn_of_expiring() == 0
    later(time_machine, days=1, hours=1)
    assert [warn_of_expiring(), warn_of_expiring()] == [1, 0]
    [letter] = letters()
    assert (letter.to, letter.subject) == ([user.email], "The access token “Backup” ends soon")
    assert "It has never been used." in letter.body
    assert f"/account/devices/tokens/{made.token.session.public_id}/" in letter.body
    assert Event.objects.filter(kind=Event.Kind.TOKEN_EXPIRES, session_id=made.token.pk).count() == 1


def test_the_last_use_is_said_as_a_moment_because_a_mail_is_read_later(
    user: Any, make_token: Any, time_machine: Any
) -> None:
    time_machine.move_to(datetime(2026, 11, 2, 14, 2, tzinfo=UTC), tick=False)
    made = make_token(user)
    used_at = timezone.now() + timedelta(days=1)
    Session.objects.filter(pk=made.token.pk).update(last_seen_at=used_at)
    later(time_machine, days=25)
    warn_of_expiring()
    [letter] = letters()
    with timezone.override(UTC):  # as the mails to somebody whose zone nobody knows
        assert f"It was last used on {moment_text(used_at)}." in letter.body


def test_one_for_a_few_days_is_told_of_in_its_last_quarter(
    user: Any, make_token: Any, time_machine: Any
) -> None:
    make_token(user, expires_at=timezone.now() + timedelta(days=4))
    assert warn_of_expiring() == 0
    later(time_machine, days=3, minutes=1)
    assert warn_of_expiring() == 1


@pytest.mark.parametrize(
    ("days", "seconds_before_its_last_part", "told"),
    [(28, 1, 0), (28, 0, 1), (60, 1, 0), (60, 0, 1)],
)
def test_the_first_moment_of_the_warning(
    user: Any, make_token: Any, time_machine: Any, days: int, seconds_before_its_last_part: int, told: int
) -> None:
    """A quarter of four weeks, and the week of TOKEN_WARNING."""
    time_machine.move_to(timezone.now(), tick=False)
    ends_at = timezone.now() + timedelta(days=days)
    make_token(user, expires_at=ends_at)
    time_machine.move_to(
        ends_at - timedelta(days=7, seconds=seconds_before_its_last_part),
        tick=False,
    )
    assert warn_of_expiring() == told


def test_one_that_ends_at_this_moment_is_not_told_of(user: Any, make_token: Any, time_machine: Any) -> None:
    made = make_token(user)
    time_machine.move_to(made.token.session.expires_at, tick=False)
    assert warn_of_expiring() == 0


def test_a_run_tells_of_so_many_and_the_next_of_the_rest(
    user: Any, make_token: Any, time_machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not due yet does not count: else it would keep those back that are."""
    monkeypatch.setattr(expiring, "AT_ONCE", 2)
    later(time_machine, days=0)
    for number in range(3):
        make_token(user, name=f"{number}", expires_at=timezone.now() + timedelta(days=30, hours=number + 1))
    later(time_machine, days=29)
    for _ in range(2):  # of one day, which end before the others: their last quarter is far away
        make_token(user, name="short", expires_at=timezone.now() + timedelta(hours=23))
    assert [warn_of_expiring(), warn_of_expiring(), warn_of_expiring()] == [2, 1, 0]


def test_the_event_says_which_token_ends_when(user: Any, make_token: Any, time_machine: Any) -> None:
    made = make_token(user)
    later(time_machine, days=29)
    warn_of_expiring()
    event = Event.objects.get(kind=Event.Kind.TOKEN_EXPIRES)
    ends_at = moments.aware(made.token.session.expires_at).isoformat()
    assert (event.user_id, event.session_id) == (user.pk, made.token.pk)
    assert (event.data, event.detail.text) == ({"expires_at": ends_at}, "Backup")


def test_one_that_was_claimed_beside_is_told_of_by_the_other(
    user: Any, make_token: Any, time_machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_token(user)
    later(time_machine, days=29)
    due = expiring.is_due

    def claimed_meanwhile(*args: Any) -> bool:
        AccessToken.objects.filter(pk=made.token.pk).update(warned_at=timezone.now())
        return due(*args)

    monkeypatch.setattr(expiring, "is_due", claimed_meanwhile)
    assert warn_of_expiring() == 0
    assert not Delivery.objects.filter(event__kind=Event.Kind.TOKEN_EXPIRES).exists()


def test_one_that_has_ended_is_not_told_of(user: Any, make_token: Any, time_machine: Any) -> None:
    made = make_token(user)
    end_session(session=made.token.session, reason=EndReason.SIGNED_OUT_REMOTELY)
    over = make_token(user, expires_at=timezone.now() + timedelta(days=28))
    later(time_machine, days=29)
    assert warn_of_expiring() == 0
    assert AccessToken.objects.get(pk=over.token.pk).warned_at is None


def test_what_ends_after_the_warning_was_written_is_not_mailed(
    user: Any, make_token: Any, time_machine: Any
) -> None:
    made = make_token(user)
    later(time_machine, days=29)
    warn_of_expiring()
    end_session(session=made.token.session, reason=EndReason.EXPIRED)
    assert letters() == []


def test_a_renewed_one_is_told_of_again(user: Any, make_token: Any, time_machine: Any) -> None:
    made = make_token(user)
    later(time_machine, days=29)
    assert warn_of_expiring() == 1
    rotate_token(token=made.token, expires_at=timezone.now() + timedelta(days=30))
    assert warn_of_expiring() == 0
    later(time_machine, days=29)
    assert warn_of_expiring() == 1


def test_whoever_answers_for_a_service_account_is_told(
    user: Any, other_user: Any, make_token: Any, time_machine: Any
) -> None:
    ServiceAccount.objects.create(user=user, owner_id=other_user.pk)
    make_token(user)
    assert [letter.to for letter in letters()] == [[other_user.email]], "that it was made"
    later(time_machine, days=29)
    assert warn_of_expiring() == 1
    assert [letter.to for letter in letters()] == [[other_user.email]]


def test_without_an_address_the_event_is_there_and_no_mail(
    user: Any, make_token: Any, time_machine: Any
) -> None:
    user.emailaddress_set.all().delete()
    type(user).objects.filter(pk=user.pk).update(email="")
    make_token(user)
    later(time_machine, days=29)
    assert (warn_of_expiring(), letters()) == (1, [])


def test_one_that_fails_keeps_nobody_from_the_others(
    user: Any, make_token: Any, time_machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _second = make_token(user), make_token(user, name="Other")
    later(time_machine, days=29)
    warn = expiring._warn

    def fail_once(token: AccessToken, now: Any) -> bool:
        if token.pk == first.token.pk:
            raise RuntimeError
        return warn(token, now)

    monkeypatch.setattr(expiring, "_warn", fail_once)
    assert warn_of_expiring() == 1
    assert AccessToken.objects.get(pk=first.token.pk).warned_at is None


def test_one_whose_warning_could_not_be_written_is_told_of_by_the_next_run(
    user: Any, make_token: Any, time_machine: Any
) -> None:
    made = make_token(user)
    later(time_machine, days=29)
    with refused_events():
        assert warn_of_expiring() == 0
    assert AccessToken.objects.get(pk=made.token.pk).warned_at is None
    assert warn_of_expiring() == 1


@pytest.mark.no_bystander("what cron does is of everybody")
def test_beat_and_cron_do_it(user: Any, make_token: Any, time_machine: Any) -> None:
    make_token(user)
    later(time_machine, days=29)
    assert warn_of_tokens() == 1
    make_token(user, name="Other", expires_at=timezone.now() + timedelta(days=4))
    later(time_machine, days=3, hours=1)
    SessionStore.clear_expired()
    assert Event.objects.filter(kind=Event.Kind.TOKEN_EXPIRES).count() == 2
