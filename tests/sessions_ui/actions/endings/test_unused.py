"""What nobody uses is told of, and ended a week later: a mail before, and a mail then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings import unused
from sessions_ui.actions.endings.unused import end_unused
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.database import moments
from sessions_ui.delivery import deliver_due
from sessions_ui.store import SessionStore
from sessions_ui.tasks import end_unused as task
from tests.models import AccessToken, AccountState, Act, Delivery, EndReason, Event, Session, digest_of
from tests.unused import DAY, chose, let_them_last, unused_for

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _long_sign_ins(settings: Any) -> None:
    let_them_last(settings)


@pytest.fixture
def later(time_machine: Any) -> Callable[..., None]:
    """Time stands still, and passes when it is told to."""
    time_machine.move_to(timezone.now(), tick=False)
    return lambda **passed: time_machine.move_to(timezone.now() + timedelta(**passed), tick=False)


def reasons(*sessions: Session) -> list[str]:
    return [Session.objects.get(pk=session.pk).end_reason for session in sessions]


def told_events() -> Any:
    return Event.objects.filter(kind=Event.Kind.UNUSED_SOON).order_by("pk")


def test_it_is_told_of_and_ends_a_week_later(user: Any, later: Callable[..., None]) -> None:
    chose(user, 3)
    session, used = unused_for(user, 85), unused_for(user, 1)
    assert [end_unused(), end_unused()] == [0, 0]
    later(days=6, hours=23)
    assert end_unused() == 0
    later(hours=1)
    assert [end_unused(), end_unused()] == [1, 0]
    assert reasons(session, used) == ["unused", ""]


def test_what_lay_in_a_drawer_for_longer_is_told_of_first(user: Any, later: Callable[..., None]) -> None:
    """Nobody is signed out by the choice, or by a new setting, without a word."""
    chose(user, 3)
    session = unused_for(user, 240)
    assert end_unused() == 0
    later(days=7)
    assert end_unused() == 1
    assert reasons(session) == ["unused"]


def test_a_use_in_between_keeps_it_and_the_time_begins_anew(user: Any, later: Callable[..., None]) -> None:
    chose(user, 3)
    session = unused_for(user, 90)
    end_unused()
    Session.objects.filter(pk=session.pk).update(last_seen_at=timezone.now())
    later(days=7)
    assert end_unused() == 0
    later(days=84)
    assert [end_unused(), told_events().count()] == [0, 2]
    later(days=7)
    assert end_unused() == 1


def test_never_in_between_keeps_it(user: Any, later: Callable[..., None]) -> None:
    chose(user, 3)
    session = unused_for(user, 90)
    end_unused()
    chose(user, 0)
    later(days=20)
    assert end_unused() == 0
    assert reasons(session) == [""]


def test_one_that_is_used_between_the_look_and_the_ending_stays(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statement that ends asks again; the other one, which nobody used, ends beside it."""
    chose(user, 3)
    used, not_used = unused_for(user, 100, told=8), unused_for(user, 100, told=8)
    end = unused.end_sessions

    def used_meanwhile(**arguments: Any) -> Any:
        Session.objects.filter(pk=used.pk).update(last_seen_at=timezone.now())
        return end(**arguments)

    monkeypatch.setattr(unused, "end_sessions", used_meanwhile)
    assert end_unused() == 1
    assert reasons(used, not_used) == ["", "unused"]
    assert Event.objects.filter(kind=Event.Kind.ENDED).count() == 1


def test_one_that_is_used_while_the_ending_waits_for_the_account_stays(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was chosen and counted by then."""
    from sessions_ui.actions.endings import end as ending

    chose(user, 3)
    session = unused_for(user, 100, told=8)
    hold = ending.hold

    def used_meanwhile(*arguments: Any, **named: Any) -> Any:
        keys = hold(*arguments, **named)
        Session.objects.filter(pk=session.pk).update(last_seen_at=timezone.now())
        return keys

    monkeypatch.setattr(ending, "hold", used_meanwhile)
    assert end_unused() == 0
    assert reasons(session) == [""]
    assert not Act.objects.exists() and not Delivery.objects.exists()


def test_one_that_is_used_between_the_look_and_the_mail_is_not_told_of(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chose(user, 3)
    session = unused_for(user, 90)
    lock = unused.lock_users

    def used_meanwhile(accounts: Any) -> Any:
        Session.objects.filter(pk=session.pk).update(last_seen_at=timezone.now())
        return lock(accounts)

    monkeypatch.setattr(unused, "lock_users", used_meanwhile)
    end_unused()
    assert not told_events().exists()
    assert Session.objects.get(pk=session.pk).unused_told_at is None


def test_two_workers_at_once_tell_once(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    chose(user, 3)
    session = unused_for(user, 90)
    lock = unused.lock_users

    def told_meanwhile(accounts: Any) -> Any:
        Session.objects.filter(pk=session.pk).update(unused_told_at=timezone.now())
        return lock(accounts)

    monkeypatch.setattr(unused, "lock_users", told_meanwhile)
    end_unused()
    assert not told_events().exists()


def test_the_event_says_which_sign_ins_and_from_when_on(user: Any, later: Callable[..., None]) -> None:
    chose(user, 3)
    first, second, _used = unused_for(user, 90), unused_for(user, 100), unused_for(user, 1)
    end_unused()
    [event] = told_events()
    ends_at = moments.aware(timezone.now() + 7 * DAY).isoformat()
    assert (event.user_id, event.data) == (
        user.pk,
        {"sessions": sorted([first.pk, second.pk]), "ends_at": ends_at},
    )


def test_one_mail_a_person_before_and_one_then(
    user: Any, other_user: Any, later: Callable[..., None]
) -> None:
    for person in (user, other_user):
        chose(person, 3)
        unused_for(person, 90)
        unused_for(person, 100)
    end_unused()
    deliver_due()
    assert sorted(letter.to[0] for letter in mail.outbox) == sorted([user.email, other_user.email])
    assert {letter.subject for letter in mail.outbox} == {"2 devices that you don’t use will be signed out"}
    mail.outbox.clear()
    later(days=7)
    assert end_unused() == 4
    deliver_due()
    assert sorted(letter.to[0] for letter in mail.outbox) == sorted([user.email, other_user.email])
    for letter in mail.outbox:
        assert "Why: unused for months, and you chose to sign out what you don’t use." in letter.body
        assert "You can change this on your devices page." in letter.body
        assert "somebody else may be using your account" not in letter.body


def test_both_mails_may_be_switched_off(user: Any, settings: Any, later: Callable[..., None]) -> None:
    let_them_last(settings, MAIL_PREFERENCE=lambda person, kind: kind not in ("unused", "unused_soon"))
    chose(user, 3)
    unused_for(user, 90)
    end_unused()
    later(days=7)
    assert end_unused() == 1
    deliver_due()
    assert mail.outbox == []


def test_nobody_decided_it(user: Any) -> None:
    chose(user, 3)
    unused_for(user, 100, told=8)
    state = AccountState.objects.get(user_id=user.pk)
    end_unused()
    act = Act.objects.get()
    assert (act.reason, act.actor_id, act.count) == (EndReason.UNUSED, None, 1)
    after = AccountState.objects.get(user_id=user.pk)
    assert (after.epoch, after.cut_at) == (state.epoch, state.cut_at), "sign-ins under way go on"


def test_access_tokens_stay(user: Any, later: Callable[..., None]) -> None:
    chose(user, 3)
    ends_at = timezone.now() + 300 * DAY
    token = create_token(user=user, name="Backup", scopes=["sessions:read"], expires_at=ends_at).token
    later(days=120)
    end_unused()
    later(days=7)
    assert end_unused() == 0
    assert AccessToken.objects.valid().filter(pk=token.pk).exists()


@pytest.mark.no_bystander("what the site says holds for everybody")
def test_the_time_of_the_site_ends_what_is_of_whoever_chose_nothing(
    user: Any, other_user: Any, settings: Any
) -> None:
    let_them_last(settings, SIGN_OUT_UNUSED_MONTHS=3)
    session, of_another = unused_for(user, 100, told=8), unused_for(other_user, 100, told=8)
    chose(other_user, 0)
    AccountState.objects.filter(user_id=user.pk).delete()
    assert end_unused() == 1
    assert reasons(session, of_another) == ["unused", ""]


def test_many_end_in_batches_and_nobodys_in_two(
    user: Any, other_user: Any, agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unused, "BATCH", 3)
    for person, number in ((user, 2), (other_user, 4), (agent, 1)):
        chose(person, 3)
        for _ in range(number):
            unused_for(person, 100, told=8)
    assert end_unused() == 7
    acts = [
        {*Event.objects.filter(act=act, kind=Event.Kind.ENDED).values_list("user_id", flat=True)}
        for act in Act.objects.all()
    ]
    assert sorted(map(sorted, acts)) == sorted(map(sorted, ({user.pk}, {other_user.pk}, {agent.pk})))


def test_one_that_fails_keeps_nobody_from_the_others(
    user: Any, other_user: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for person in (user, other_user):
        chose(person, 3)
        unused_for(person, 90)
    receivers = unused.receivers_of

    def fail_for_one(user_id: Any) -> list[str]:
        if user_id == user.pk:
            raise DatabaseError
        return receivers(user_id)

    monkeypatch.setattr(unused, "receivers_of", fail_for_one)
    end_unused()
    assert [event.user_id for event in told_events()] == [other_user.pk]
    assert Session.objects.get(user=user).unused_told_at is None, "nothing of it has happened"
    assert "the next run tries it again" in caplog.text


def test_one_that_cannot_be_ended_keeps_nobody_from_the_others(
    user: Any, other_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unused, "BATCH", 1)
    sessions = []
    for person in (user, other_user):
        chose(person, 3)
        sessions.append(unused_for(person, 100, told=8))
    end = unused.end_sessions

    def fail_for_one(**arguments: Any) -> Any:
        if arguments["sessions"].filter(user=user).exists():
            raise DatabaseError
        return end(**arguments)

    monkeypatch.setattr(unused, "end_sessions", fail_for_one)
    assert end_unused() == 1
    assert reasons(*sessions) == ["", "unused"]


def test_a_run_with_nothing_to_do_costs_as_many_statements_for_many_people_as_for_one(
    user: Any, other_user: Any, agent: Any
) -> None:
    counts = []
    for people in ([user], [user, other_user, agent]):
        for person in people:
            chose(person, 3)
            unused_for(person, 1)
        with CaptureQueriesContext(connection) as statements:
            end_unused()
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_without_an_address_the_event_is_there_and_no_mail(user: Any, later: Callable[..., None]) -> None:
    user.emailaddress_set.all().delete()
    type(user).objects.filter(pk=user.pk).update(email="")
    chose(user, 3)
    unused_for(user, 90)
    end_unused()
    later(days=7)
    assert end_unused() == 1
    assert (told_events().count(), Delivery.objects.count()) == (1, 0)


def test_what_is_nobodys_is_not_looked_at(user: Any) -> None:
    now = timezone.now()
    session = Session.objects.create(
        digest=digest_of("nobody"), last_seen_at=now - 380 * DAY, expires_at=now + DAY
    )
    assert end_unused() == 0
    assert reasons(session) == [""]


@pytest.mark.no_bystander("what cron does is of everybody")
@pytest.mark.parametrize("run", [task, SessionStore.clear_expired], ids=["beat", "cron"])
def test_beat_and_cron_do_it(user: Any, run: Callable[[], Any]) -> None:
    chose(user, 3)
    session, soon = unused_for(user, 100, told=8), unused_for(user, 90)
    assert run() == (1 if run is task else None)
    assert reasons(session, soon) == ["unused", ""]
    assert told_events().count() == 1
