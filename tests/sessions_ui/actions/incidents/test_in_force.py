"""An incident about everyone, staff, or who signed in before a time is in force with its commit, everywhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui import session_lookup
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.incidents.approve import approve_incident
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.sessions.open_tabs import still_alive
from sessions_ui.actions.sessions.rules.validate import admit
from sessions_ui.actions.sessions.tabs_told import note_tabs_told
from sessions_ui.actions.sign_in.pending import begin_sign_in
from sessions_ui.exceptions import SignInRefused
from sessions_ui.models import Containment
from sessions_ui.store import SessionStore
from sessions_ui.tasks import reconcile, sweep_endings
from tests.conftest import Browser
from tests.models import Act, EndReason, Incident, Session, digest_of
from tests.races.people import request_with
from tests.races.people import sign_in as sign_in_to

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.no_bystander("everyone is signed out"),
]
EVERYONE = Criteria(everyone=True)
STAFF = Criteria(staff=True)


@pytest.fixture
def second(db: None) -> Any:
    return get_user_model().objects.create_superuser("second@staff.example", "x")


def order(criteria: Criteria, **fields: Any) -> Incident:
    return order_incident(criteria=criteria, note="the cookies leaked", **fields)


def sign_in(user: Any) -> str:
    client = Browser()
    client.sign_in(user)
    return str(client.cookies["sessionid"].value)


def is_in(key: str) -> bool:
    return SessionStore(key).get_user().is_authenticated


def row_of(key: str) -> Session:
    return Session.objects.get(digest=digest_of(key))


def test_everyone_is_refused_with_the_commit_and_no_row_says_so_yet(user: Any, administrator: Any) -> None:
    keys = [sign_in(user), sign_in(administrator)]
    assert all(map(is_in, keys))
    order(EVERYONE)
    assert not any(map(is_in, keys))
    assert not any(SessionStore().exists(key) for key in keys)
    store = SessionStore(keys[0])
    assert store.resolve() is None and store.refusal == EndReason.INCIDENT
    row = row_of(keys[0])
    assert row.ended_at is None and row.refused_at is not None, (
        "the sweep ends it, the refusal is known at once"
    )


def test_a_sign_in_after_the_order_is_not_concerned(user: Any) -> None:
    order(EVERYONE)
    key = sign_in(user)
    assert is_in(key)
    sweep_endings()
    reconcile()
    assert is_in(key)


@pytest.mark.parametrize("later", [False, True], ids=["then", "since"])
def test_staff_is_refused_whoever_was_it_then_or_is_it_now(
    later: bool, user: Any, administrator: Any
) -> None:
    his, hers = sign_in(user), sign_in(administrator)
    order(STAFF)
    assert is_in(his) and not is_in(hers)
    if later:
        get_user_model().objects.filter(pk=user.pk).update(is_staff=True)
        assert not is_in(his)
        assert not still_alive({row_of(his).pk})


def test_to_lose_the_right_does_not_bring_a_session_of_staff_back(administrator: Any) -> None:
    key = sign_in(administrator)
    order(STAFF)
    get_user_model().objects.filter(pk=administrator.pk).update(is_staff=False, is_superuser=False)
    assert not is_in(key)
    assert not still_alive({row_of(key).pk})


@pytest.mark.parametrize("flag", ["is_staff", "is_superuser"])
def test_the_sweep_ends_the_session_of_whoever_has_lost_the_right_since(flag: str, user: Any) -> None:
    people = get_user_model().objects.filter(pk=user.pk)
    people.update(**{flag: True})
    key = sign_in(user)
    order(STAFF)
    people.update(**{flag: False})
    sweep_endings()
    assert row_of(key).end_reason == EndReason.INCIDENT


@pytest.mark.parametrize("joined", [True, False])
def test_staff_is_refused_where_the_user_is_not_joined(
    joined: bool, user: Any, administrator: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(session_lookup, "joins_user", lambda: joined)
    monkeypatch.setattr(session_lookup, "_look_ups", {})
    his, hers = sign_in(user), sign_in(administrator)
    order(STAFF)
    Session.objects.update(access_flags="")  # as one who became it since
    assert is_in(his) and not is_in(hers)
    assert still_alive({row_of(his).pk, row_of(hers).pk}, thoroughly=True) == {row_of(his).pk}


def test_before_a_time_goes_by_when_it_was_signed_in(user: Any, other_user: Any) -> None:
    old, new = sign_in(user), sign_in(other_user)
    now = timezone.now()
    Session.objects.filter(pk=row_of(old).pk).update(signed_in_at=now - timedelta(hours=2))
    order(Criteria(before=now - timedelta(hours=1)))
    assert not is_in(old) and is_in(new)
    assert still_alive({row_of(old).pk, row_of(new).pk}) == {row_of(new).pk}


def test_the_sweep_ends_whoever_was_signed_in_before_a_time_and_nobody_else(
    user: Any, other_user: Any, administrator: Any
) -> None:
    """It is the sweep that tells the owner and the history: a request would only be refused."""
    old, new = sign_in(user), sign_in(other_user)
    now = timezone.now()
    Session.objects.filter(pk=row_of(old).pk).update(signed_in_at=now - timedelta(hours=2))
    order(Criteria(before=now - timedelta(hours=1)), actor=administrator, ticket="INC-9")
    sweep_endings()
    row = row_of(old)
    assert row.end_reason == EndReason.INCIDENT and row.act is not None
    assert (row.act.actor_id, row.act.ticket, row.act.note) == (
        administrator.pk,
        "INC-9",
        "the cookies leaked",
    )
    assert row.act.ending == Incident.objects.get().ending
    assert row_of(new).ended_at is None and is_in(new)


def test_an_earlier_time_brings_nobody_back(user: Any) -> None:
    key = sign_in(user)
    now = timezone.now()
    Session.objects.update(signed_in_at=now - timedelta(hours=2))
    order(Criteria(before=now - timedelta(hours=1)))
    order(Criteria(before=now - timedelta(hours=3)))
    assert not is_in(key)


@pytest.mark.parametrize("criteria", [EVERYONE, STAFF, Criteria(before=timezone.now())])
def test_a_sign_in_that_waits_for_its_next_step_is_refused(criteria: Criteria, administrator: Any) -> None:
    store = SessionStore()
    begin_sign_in(store, administrator)
    store.save()
    order(criteria)
    with pytest.raises(SignInRefused) as refused:
        sign_in_to(administrator, SessionStore(store.session_key))
    assert refused.value.reason == EndReason.INCIDENT


def test_a_sign_in_that_waits_goes_on_where_only_staff_is_concerned(user: Any) -> None:
    store = SessionStore()
    begin_sign_in(store, user)
    store.save()
    order(STAFF)
    key = sign_in_to(user, SessionStore(store.session_key))
    assert key is not None and is_in(key)


def test_a_session_is_of_the_generation_in_which_its_sign_in_began(user: Any) -> None:
    """Whatever was ordered between its steps: what passes the check a moment before the commit is over after it."""
    store = SessionStore()
    begin_sign_in(store, user)
    store.save()
    order(STAFF)
    key = sign_in_to(user, SessionStore(store.session_key))
    assert key is not None and row_of(key).generation == 0


def written(user: Any) -> SessionStore:
    """The session of a request in which somebody has written this user."""
    store: SessionStore = request_with(SessionStore()).session
    store["_auth_user_id"] = str(user.pk)
    store["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
    store["_auth_user_hash"] = user.get_session_auth_hash()
    return store


@pytest.mark.parametrize("criteria", [EVERYONE, STAFF])
def test_whoever_was_written_into_a_session_before_the_order_is_refused(
    criteria: Criteria, administrator: Any
) -> None:
    store = written(administrator)
    order(criteria)
    with pytest.raises(SignInRefused) as refused:
        store.save()
    assert refused.value.reason == EndReason.INCIDENT


def test_whoever_was_written_before_an_order_that_is_not_about_them_is_signed_in(user: Any) -> None:
    store = written(user)
    order(STAFF)
    store.save()
    assert store.session_key is not None and is_in(store.session_key)


def test_whoever_was_written_after_the_order_is_signed_in(administrator: Any) -> None:
    order(EVERYONE)
    yesterday = timezone.now() - timedelta(days=1)  # by the database's clock, which no test can set
    Containment.objects.update(decided_at=yesterday)
    store = written(administrator)
    store.save()
    assert store.session_key is not None and is_in(store.session_key)


@pytest.mark.parametrize("write", ["save", "cycle_key", "create"])
def test_a_request_under_way_revives_nothing(write: str, user: Any) -> None:
    store = SessionStore(sign_in(user))
    assert store.get_user().is_authenticated
    store["cart"] = 1
    order(EVERYONE)
    getattr(store, write)()
    assert store.session_key is not None and not is_in(store.session_key)


def test_an_order_does_not_bring_back_what_another_one_has_ended(administrator: Any, second: Any) -> None:
    """The session in which it was asked for would be left out, but is over when somebody approves it."""
    key = sign_in(administrator)
    about = EVERYONE.to_json()
    waits = Incident.objects.create(criteria=about, kept=[row_of(key).pk], actor=administrator)
    order(STAFF)
    approve_incident(incident=waits, actor=second)
    assert not is_in(key)


def test_it_costs_no_statement_more(user: Any) -> None:
    key = sign_in(user)
    order(STAFF)
    with CaptureQueriesContext(connection) as queries:
        assert is_in(key)
    assert len(queries) == 1


def test_a_refused_request_costs_one_write_and_then_none(user: Any) -> None:
    key = sign_in(user)
    order(EVERYONE)
    counts = []
    for _request in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert not is_in(key)
        counts.append(sum(query["sql"].startswith("UPDATE") for query in queries.captured_queries))
    assert counts == [1, 0]


def test_open_tabs_are_told_and_that_is_noted_before_the_row_says_so(user: Any) -> None:
    pk = row_of(sign_in(user)).pk
    assert still_alive({pk}) == {pk}
    order(EVERYONE)
    assert still_alive({pk}) == set()
    assert note_tabs_told(session_ids=[pk], at=timezone.now()) == 1


def test_the_use_of_an_account_is_over_with_the_session_of_staff_it_came_from(
    user: Any, administrator: Any
) -> None:
    origin = row_of(sign_in(administrator))
    key = SessionStore.new_key()
    used = Session.objects.create(
        digest=digest_of(key),
        user=user,
        backend=origin.backend,
        auth_hash=user.get_session_auth_hash(),
        impersonator_id=administrator.pk,
        impersonated_from=origin,
        signed_in_at=timezone.now(),
        expires_at=origin.expires_at,
    )
    assert is_in(key)
    order(STAFF)
    assert not still_alive({used.pk}) and not is_in(key)


@pytest.mark.parametrize("joined", [True, False])
def test_what_became_staff_after_the_sweep_is_ended_in_the_name_of_the_order(
    joined: bool, other_user: Any, user: Any, administrator: Any, monkeypatch: Any
) -> None:
    """And of no earlier one; they are not the first account of the site."""
    assert other_user.pk < user.pk
    monkeypatch.setattr(session_lookup, "joins_user", lambda: joined)
    monkeypatch.setattr(session_lookup, "_look_ups", {})
    order(EVERYONE)
    key = sign_in(user)
    order(STAFF, actor=administrator, ticket="INC-9")
    sweep_endings()
    get_user_model().objects.filter(pk=user.pk).update(is_staff=True)
    end_unlawful()
    row = row_of(key)
    assert row.end_reason == EndReason.INCIDENT and row.act is not None
    assert (row.act.actor_id, row.act.ticket) == (administrator.pk, "INC-9")
    assert row.act.note == "the cookies leaked"
    assert row.act.ending == Incident.objects.latest("pk").ending


def test_while_an_incident_is_being_swept_nobody_else_writes_its_ends(user: Any) -> None:
    key = sign_in(user)
    order(EVERYONE)
    assert end_unlawful() == 0
    assert row_of(key).ended_at is None and not is_in(key)
    sweep_endings()
    assert row_of(key).end_reason == EndReason.INCIDENT


def test_whoever_signs_in_again_before_the_sweep_is_told_why_they_were_out(
    user: Any, administrator: Any
) -> None:
    client = Browser()
    client.sign_in(user)
    order(EVERYONE, actor=administrator)
    client.sign_in(user)
    old, new = Session.objects.of(user).order_by("pk")
    assert (old.end_reason, old.ended_by_id) == (EndReason.INCIDENT, administrator.pk), "and not superseded"
    assert new.is_living


def test_reason_and_row_name_the_incident_whatever_else_is_wrong(user: Any) -> None:
    key = sign_in(user)
    order(EVERYONE)
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    session = Session.objects.get(digest=digest_of(key))
    assert admit(session, timezone.now()).refused == EndReason.INCIDENT
    sweep_endings()
    assert row_of(key).end_reason == EndReason.INCIDENT


def test_what_ended_before_keeps_its_reason(user: Any, other_user: Any) -> None:
    key, other = sign_in(user), sign_in(other_user)
    end_user_sessions(user=user, reason=EndReason.NOT_ME)
    order(EVERYONE)
    sweep_endings()
    assert row_of(key).end_reason == EndReason.NOT_ME and row_of(other).end_reason == EndReason.INCIDENT
    assert Act.objects.filter(ending__isnull=False).get().count == 1


def test_there_is_one_row_and_generations_go_up(user: Any) -> None:
    assert not Containment.objects.exists()
    generations = [order(criteria).generation for criteria in (EVERYONE, STAFF, EVERYONE)]
    assert generations == [1, 2, 3]
    row = Containment.objects.get()
    assert (row.generation, row.everyone, row.staff, row.before) == (3, 3, 2, 0)
