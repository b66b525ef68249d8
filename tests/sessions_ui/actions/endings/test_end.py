"""The one path of all endings."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui import context, signals
from sessions_ui.actions.endings import end
from sessions_ui.actions.endings.end import (
    Receipt,
    _ended_users,
    end_session,
    end_sessions,
    end_user_sessions,
    own_session_of,
)
from sessions_ui.exceptions import SessionEnded
from sessions_ui.store import SessionStore
from tests.interleaving import just_before
from tests.models import AccountState, Act, Delivery, EndReason, Event, Session
from tests.statements import about, gist

pytestmark = pytest.mark.django_db


def signed_in(user: Any, browser: Any, number: int) -> None:
    for _ in range(number):
        browser().force_login(user)


@pytest.mark.control("SP 800-53 AU-10", "SP 800-53 AU-12")
def test_a_session_ends_with_one_act_an_event_each_and_one_delivery(user: Any, browser: Any) -> None:
    signed_in(user, browser, 3)
    receipt = end_user_sessions(
        user=user, reason=EndReason.HELP_DESK, actor=user, ticket="INC-7", note="phone lost"
    )
    act = Act.objects.get()
    assert receipt == Receipt(act=act, ended=3, already_ended=0, failed=0)
    assert (act.reason, act.actor_id, act.ticket, act.count) == (EndReason.HELP_DESK, user.pk, "INC-7", 3)
    assert Session.objects.filter(act=act, ended_at=act.at, ended_by=user).count() == 3
    events = Event.objects.filter(act=act)
    assert sorted(event.session_id for event in events) == sorted(
        Session.objects.values_list("pk", flat=True)
    )
    assert {(event.kind, event.reason, event.actor_id) for event in events} == {
        (Event.Kind.ENDED, EndReason.HELP_DESK, user.pk)
    }
    assert [(d.act_id, d.channel, d.receiver) for d in Delivery.objects.all()] == [
        (act.pk, "mail", user.email)
    ]


def test_ending_twice_ends_once(user: Any, browser: Any) -> None:
    """Trap L: a second click changes nothing and says so."""
    signed_in(user, browser, 1)
    session = Session.objects.get()
    first = end_session(session=session, reason=EndReason.NOT_ME)
    second = end_session(session=session, reason=EndReason.ADMINISTRATOR)
    assert (second.act, second.ended, second.already_ended) == (None, 0, 1)
    session.refresh_from_db()
    assert (session.end_reason, session.act) == (EndReason.NOT_ME, first.act)
    assert Act.objects.count() == 1 and Event.objects.filter(kind=Event.Kind.ENDED).count() == 1


@pytest.mark.parametrize("number", [1, 40])
def test_the_cost_does_not_grow_with_the_number(number: int, user: Any, browser: Any) -> None:
    """Invariant 5."""
    signed_in(user, browser, number)
    with CaptureQueriesContext(connection) as queries:
        end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    assert gist(queries) == [
        "SELECT accounts_user",  # locked
        "UPDATE sessions_ui_accountstate",
        "UPDATE sessions_ui_session",
        "INSERT sessions_ui_act",
        "SELECT sessions_ui_session",  # what staff did from one of them
        "INSERT sessions_ui_event",
        "SELECT sessions_ui_endpoint",
        "INSERT sessions_ui_delivery",
    ]


def test_the_mail_is_looked_for_among_those_who_were_ended(user: Any, browser: Any) -> None:
    """MariaDB reads every user else, and at its own REPEATABLE READ locks them."""
    signed_in(user, browser, 1)
    with CaptureQueriesContext(connection) as queries:
        end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    (sql,) = (
        query["sql"] for query in queries if "INSERT INTO" in query["sql"] and "delivery" in query["sql"]
    )
    quote = connection.ops.quote_name
    assert f"{quote('accounts_user')}.{quote('id')} IN ({user.pk})" in sql


@pytest.mark.parametrize("number", [1, 2])
def test_few_accounts_are_named_one_by_one_and_many_by_a_subquery(
    number: int, user: Any, other_user: Any, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many keys that a statement holds them are no limit to what ends at once."""
    monkeypatch.setattr(end, "MANY_USERS", 1)
    people = [user, other_user][:number]
    for person in people:
        signed_in(person, browser, 1)
    with CaptureQueriesContext(connection) as queries:
        end_sessions(
            sessions=Session.objects.filter(user_id__in=[person.pk for person in people]),
            reason=EndReason.INCIDENT,
        )
    lock = next(query["sql"] for query in queries if about(query["sql"]) == "SELECT accounts_user")
    assert ("sessions_ui_session" in lock) is (number == 2)
    assert Session.objects.filter(end_reason=EndReason.INCIDENT).count() == number


def test_what_was_decided_before_is_no_decision_of_now(user: Any, browser: Any) -> None:
    """What a sign-in that began since has let in elsewhere is good."""
    signed_in(user, browser, 1)
    before = AccountState.objects.get(user=user)
    end_sessions(
        sessions=Session.objects.of(user), reason=EndReason.INCIDENT, unadopted=True, decided_before=True
    )
    state = AccountState.objects.get(user=user)
    assert not Session.objects.of(user).living().exists()
    assert (state.epoch, state.decided_at) == (before.epoch, before.decided_at)
    assert (state.tokens_ended_for, state.tokens_ended_at) == ("", None)


def test_an_ending_of_all_keeps_one_session_when_asked(user: Any, browser: Any) -> None:
    signed_in(user, browser, 3)
    kept = Session.objects.first()
    end_user_sessions(user=user, reason=EndReason.PASSWORD_CHANGED, keep=kept.pk)
    assert list(Session.objects.living()) == [kept]


def test_other_users_and_anonymous_sessions_are_left_alone(user: Any, other_user: Any, browser: Any) -> None:
    signed_in(user, browser, 1)
    signed_in(other_user, browser, 1)
    nobodys = SessionStore()
    nobodys["cart"] = 1
    nobodys.save()
    end_sessions(sessions=Session.objects.of(user), reason=EndReason.INCIDENT)
    living = Session.objects.filter(ended_at__isnull=True)
    assert {session.user_id for session in living} == {other_user.pk, None}


def test_a_session_of_nobody_is_not_there_to_be_ended() -> None:
    store = SessionStore()
    store["cart"] = 1
    store.save()
    nobodys = Session.objects.filter(pk=store.session_id)
    receipt = end_sessions(sessions=nobodys, reason=EndReason.INCIDENT)
    assert receipt == Receipt(act=None, ended=0, already_ended=0)
    assert nobodys.get().ended_at is None


def test_one_mail_goes_out_for_each_act_and_user(user: Any, other_user: Any, browser: Any) -> None:
    signed_in(user, browser, 3)
    signed_in(other_user, browser, 2)
    end_sessions(sessions=Session.objects.all(), reason=EndReason.INCIDENT)
    assert sorted(Delivery.objects.values_list("receiver", flat=True)) == sorted(
        [user.email, other_user.email]
    )


@pytest.mark.parametrize(
    "reason", [EndReason.SIGNED_OUT, EndReason.SUPERSEDED, EndReason.IDLE_TIMEOUT, EndReason.ABSOLUTE_TIMEOUT]
)
def test_what_the_person_did_there_or_time_did_is_not_mailed(
    reason: EndReason, user: Any, browser: Any
) -> None:
    signed_in(user, browser, 1)
    end_user_sessions(user=user, reason=reason)
    assert not Delivery.objects.exists()


def test_a_rolled_back_ending_leaves_nothing(user: Any, browser: Any) -> None:
    signed_in(user, browser, 1)
    with transaction.atomic():
        end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
        transaction.set_rollback(True)
    assert Session.objects.living().count() == 1
    assert not Act.objects.exists() and not Delivery.objects.exists()


def test_the_host_project_is_told_after_commit(
    user: Any, browser: Any, django_capture_on_commit_callbacks: Any
) -> None:
    heard = []

    def listen(sender: Any, act: Act, count: int, **kwargs: Any) -> None:
        heard.append((act.reason, count))

    signed_in(user, browser, 2)
    signals.sessions_ended.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
            assert heard == []
    finally:
        signals.sessions_ended.disconnect(listen)
    assert heard == [(EndReason.ADMINISTRATOR, 2)]


def test_what_somebody_else_ended_a_moment_before_has_one_end(
    user: Any, other_user: Any, browser: Any
) -> None:
    """Between counting the sessions and ending them, where no lock keeps the other one away."""
    signed_in(user, browser, 2)
    signed_in(other_user, browser, 1)
    end = {"ended_at": timezone.now(), "end_reason": EndReason.NOT_ME}
    with just_before(
        "UPDATE .sessions_ui_session. SET .ended_at.", lambda: Session.objects.of(user).update(**end)
    ):
        receipt = end_sessions(
            sessions=Session.objects.of(user), reason=EndReason.ADMINISTRATOR, of_user=user.pk
        )
    assert (receipt.act, receipt.ended, receipt.already_ended) == (None, 0, 2)
    assert set(Session.objects.of(user).values_list("end_reason", "act")) == {("not_me", None)}
    assert Session.objects.of(other_user).get().is_living
    assert not Act.objects.exists() and not Delivery.objects.exists()
    assert not Event.objects.filter(kind=Event.Kind.ENDED).exists()


@pytest.mark.parametrize(("ended", "truth"), [(0, False), (1, True), (2, True)])
def test_a_receipt_is_true_where_anything_ended(ended: int, truth: bool) -> None:
    assert bool(Receipt(act=None, ended=ended, already_ended=3)) is truth


def test_a_request_that_has_ended_its_own_session_goes_on_to_end_others(user: Any, browser: Any) -> None:
    """As "sign out here, then everywhere" in a view of the host: only at first the own session must be alive."""
    signed_in(user, browser, 2)
    own, other = Session.objects.order_by("pk")
    store = SimpleNamespace(session_id=own.pk, user_id=user.pk, impersonator_id=None)
    token = context.begin(context.Acting(store))
    try:
        for session in (own, other):
            assert end_session(session=session, reason=EndReason.SIGNED_OUT_REMOTELY, actor=user)
    finally:
        context.finish(token)
    assert not Session.objects.living().exists()


def test_a_request_whose_session_has_ended_meanwhile_ends_nothing(user: Any, browser: Any) -> None:
    signed_in(user, browser, 2)
    own, other = Session.objects.order_by("pk")
    Session.objects.filter(pk=own.pk).update(ended_at=timezone.now(), end_reason=EndReason.NOT_ME)
    store = SimpleNamespace(session_id=own.pk, user_id=user.pk, impersonator_id=None)
    token = context.begin(context.Acting(store))
    try:
        with pytest.raises(SessionEnded) as refused:
            end_session(session=other, reason=EndReason.SIGNED_OUT_REMOTELY, actor=user)
    finally:
        context.finish(token)
    assert refused.value.reason == EndReason.NOT_ME
    assert Session.objects.living().get() == other


@pytest.mark.parametrize(("owner", "own"), [(None, None), (7, 5)], ids=["nobody is signed in", "somebody is"])
def test_an_own_session_is_the_acting_one_of_this_very_user(owner: int | None, own: int | None) -> None:
    person, other = SimpleNamespace(pk=owner), SimpleNamespace(pk=9)
    token = context.begin(context.Acting(SimpleNamespace(session_id=5, user_id=owner, impersonator_id=None)))
    try:
        assert own_session_of(person) == own
        assert own_session_of(other) is None
    finally:
        context.finish(token)
    assert own_session_of(person) is None


def test_whoever_a_snapshot_did_not_know_of_is_told_as_well_and_nobody_else(
    user: Any, other_user: Any, browser: Any
) -> None:
    """At MariaDB's own REPEATABLE READ an act can have ended sessions of accounts that were not held."""
    for person in (user, other_user):
        signed_in(person, browser, 2)
    act, other = (end_user_sessions(user=one, reason=EndReason.API).act for one in (user, other_user))
    assert act is not None and other is not None
    assert _ended_users(act, [other_user.pk]) == [user.pk]
    assert _ended_users(other, [other_user.pk]) == [other_user.pk]
