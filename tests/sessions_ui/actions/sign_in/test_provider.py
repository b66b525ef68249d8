"""Sessions know who somebody is at their sign-in provider, and end by it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import login
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.actions.sign_in.pending import begin_sign_in
from sessions_ui.actions.sign_in.provider import (
    PROVIDER_KEY,
    Identity,
    catch_up,
    end_provider_sessions,
    is_meant,
    is_signed_out,
    remember_provider,
)
from sessions_ui.exceptions import SignInChallenged, SignInRefused
from sessions_ui.store import SessionStore
from sessions_ui.web.step_up.challenge import WAITING_KEY, begin_challenge
from tests.models import Delivery, EndReason, Event, ProviderSignOut, Session

pytestmark = pytest.mark.django_db

ISSUER = "https://id.example"
OTHER_BROWSER = "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def request_with(session: SessionBase | None = None) -> Any:
    request = RequestFactory().get("/callback")
    request.session = session or SessionStore()
    return request


def signed_in(
    user: Any, *, sub: str = "ada-7", sid: str = "s1", iss: str = ISSUER, **options: Any
) -> Session:
    request = request_with(**options)
    remember_provider(request, user, provider="example", iss=iss, sub=sub, sid=sid)
    login(request, user, backend=BACKEND)
    request.session.save()
    return Session.objects.get(pk=request.session.session_id)


def living() -> set[str]:
    return set(Session.objects.living().values_list("sid", flat=True))


def test_the_session_keeps_it(user: Any) -> None:
    session = signed_in(user)
    assert (session.provider, session.iss, session.sub, session.sid) == ("example", ISSUER, "ada-7", "s1")
    assert PROVIDER_KEY not in SessionStore().decode(session.payload)


def test_what_the_provider_said_survives_that_somebody_else_was_signed_in(user: Any, other_user: Any) -> None:
    """`login()` empties the session then."""
    request = request_with()
    login(request, other_user, backend=BACKEND)
    assert signed_in(user, session=request.session).sid == "s1"


def test_a_second_factor_may_come_in_between(user: Any) -> None:
    first = request_with()
    begin_sign_in(first.session, user)
    remember_provider(first, user, provider="example", iss=ISSUER, sub="ada-7", sid="s1")
    first.session.save()
    last = request_with(SessionStore(first.session.session_key))
    login(last, user, backend=BACKEND)
    assert Session.objects.get(pk=last.session.session_id).sid == "s1"


def test_a_sign_in_that_was_given_up_is_forgotten(user: Any) -> None:
    request = request_with()
    remember_provider(request, user, provider="example", iss=ISSUER, sub="ada-7", sid="s1")
    later = request_with(request.session)
    begin_sign_in(later.session, user)
    login(later, user, backend=BACKEND)
    assert Session.objects.get().provider == ""


def test_what_the_provider_said_is_nobody_elses(user: Any, other_user: Any) -> None:
    request = request_with()
    remember_provider(request, other_user, provider="example", iss=ISSUER, sub="grace", sid="s1")
    login(request, user, backend=BACKEND)
    assert Session.objects.get().iss == ""


def test_the_next_sign_in_without_a_provider_has_none(user: Any) -> None:
    """The same row goes on: Django rotates its key."""
    request = request_with()
    remember_provider(request, user, provider="example", iss=ISSUER, sub="ada-7", sid="s1")
    login(request, user, backend=BACKEND)
    login(request, user, backend=BACKEND)
    row = Session.objects.get()
    assert (row.provider, row.iss, row.sub, row.sid) == ("", "", "", "")


def test_what_was_kept_while_somebody_else_was_signed_in_serves_one_sign_in(
    user: Any, other_user: Any
) -> None:
    """The same store goes on in the request, with what it kept when `login()` emptied the session."""
    request = request_with()
    login(request, other_user, backend=BACKEND)
    remember_provider(request, user, provider="example", iss=ISSUER, sub="ada-7", sid="s1")
    login(request, user, backend=BACKEND)
    assert Session.objects.of(user).get().sid == "s1"
    login(request, user, backend=BACKEND)
    assert Session.objects.of(user).get().sid == ""


@pytest.mark.control("ASVS 7.6.1")
@pytest.mark.parametrize(
    ("name", "column"), [("IDLE_TIMEOUT", "last_seen_at"), ("ABSOLUTE_TIMEOUT", "signed_in_at")]
)
def test_our_own_timeouts_end_it_however_long_it_lasts_at_the_provider(
    name: str, column: str, user: Any, browser: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, name: timedelta(hours=8)}
    request = request_with()
    remember_provider(request, user, provider="example", iss=ISSUER, sub="ada-7", sid="s1")
    login(request, user, backend=BACKEND)
    request.session.save()
    client = browser()
    client.cookies["sessionid"] = request.session.session_key
    assert client.get("/account/devices/").status_code == 200
    Session.objects.update(**{column: timezone.now() - timedelta(hours=8)})
    assert client.get("/account/devices/").status_code == 302


def test_a_session_at_the_provider_ends_its_sessions_only(user: Any) -> None:
    for sid in ("s1", "s1", "s2"):
        signed_in(user, sid=sid)
    signed_in(user, sid="s1", iss="https://other.example")
    receipt = end_provider_sessions(iss=ISSUER, sid="s1")
    assert receipt.ended == 2
    assert set(Session.objects.living().values_list("iss", "sid")) == {
        (ISSUER, "s2"),
        ("https://other.example", "s1"),
    }


def test_a_subject_ends_all_of_theirs_at_this_issuer(user: Any, other_user: Any) -> None:
    signed_in(user, sid="s1")
    signed_in(user, sid="s2")
    signed_in(other_user, sid="s3", sub="grace")
    signed_in(user, sid="s4", iss="https://other.example")
    assert end_provider_sessions(iss=ISSUER, sub="ada-7").ended == 2
    assert living() == {"s3", "s4"}


def test_a_session_of_another_subject_is_not_meant(user: Any) -> None:
    signed_in(user)
    assert not end_provider_sessions(iss=ISSUER, sub="grace", sid="s1")


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(("name", "value"), [("sid", "s1"), ("sub", "ada-7")])
def test_whom_it_speaks_of_is_found_by_an_index(name: str, value: str) -> None:
    """SQLite takes one with a condition only where the statement repeats it; PostgreSQL in test_search_plans.py."""
    with CaptureQueriesContext(connection) as statements:
        end_provider_sessions(iss=ISSUER, **{name: value})
    likely = next(query["sql"] for query in statements if '"sessions_ui_session"."iss"' in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {likely}")
        plan = str(cursor.fetchall())
    assert f"USING INDEX sessions_ui_session_{name}" in plan


def test_letters_of_another_case_are_another(user: Any) -> None:
    """Whatever the collation of the database says."""
    signed_in(user)
    assert not end_provider_sessions(iss=ISSUER, sid="S1")
    assert not end_provider_sessions(iss=ISSUER, sub="ADA-7")


@pytest.mark.parametrize("names", [{}, {"sub": "", "sid": ""}])
def test_nobody_in_particular_is_an_error(names: dict[str, str], user: Any) -> None:
    browserless = Session.objects.filter(user=user)
    assert not browserless.exists()
    with pytest.raises(ValueError, match="everybody"):
        end_provider_sessions(iss=ISSUER, **names)


def test_a_session_index_as_long_as_saml_likes_is_found(user: Any) -> None:
    index = "_" + "a" * 400
    assert len(signed_in(user, sid=index).sid) == 71
    assert end_provider_sessions(iss=ISSUER, sid=index).ended == 1


def test_what_the_provider_said_is_an_event_and_no_mail(user: Any) -> None:
    """Whoever signs out at the provider has just done so."""
    session = signed_in(user)
    end_provider_sessions(iss=ISSUER, sid="s1", note="Example ID")
    event = Event.objects.get(kind=Event.Kind.ENDED)
    assert (event.session_id, event.reason, event.actor_id) == (session.pk, "provider_sign_out", None)
    assert event.act.note == "Example ID"
    assert not Delivery.objects.filter(act=event.act).exists()


@pytest.mark.control("ASVS 7.6.1")
def test_a_sign_in_under_way_does_not_outlive_its_session_at_the_provider(user: Any) -> None:
    ProviderSignOut.objects.create(token_digest="1", iss=ISSUER, sid="s1")
    with pytest.raises(SignInRefused) as refused:
        signed_in(user)
    assert refused.value.reason == EndReason.PROVIDER_SIGN_OUT
    assert signed_in(user, sid="s2").is_living


def test_what_the_provider_vouched_for_before_is_not_asked_for_a_code(user: Any) -> None:
    request = request_with()
    remember_provider(request, user, provider="example", iss=ISSUER, sub="ada-7")
    ProviderSignOut.objects.create(token_digest="1", iss=ISSUER, sub="ada-7")
    with pytest.raises(SignInRefused):
        login(request, user, backend=BACKEND)
    assert signed_in(user, sid="").is_living, "a new sign-in is another matter"


def test_what_the_provider_vouched_for_at_the_very_moment_of_its_sign_out_is_refused(user: Any) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        request = request_with()
        remember_provider(request, user, provider="example", iss=ISSUER, sub="ada-7")
        ProviderSignOut.objects.create(token_digest="1", iss=ISSUER, sub="ada-7")
    with pytest.raises(SignInRefused):
        login(request, user, backend=BACKEND)


def test_the_providers_word_between_look_and_commit_is_caught_up_with(user: Any) -> None:
    session = signed_in(user)
    ProviderSignOut.objects.create(token_digest="1", iss=ISSUER, sid="s1")
    catch_up(session, Identity("example", ISSUER, "ada-7", "s1", at=timezone.now()))
    session.refresh_from_db()
    assert session.end_reason == EndReason.PROVIDER_SIGN_OUT


def test_the_catching_up_comes_with_the_commit(user: Any, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        session = signed_in(user)
    ProviderSignOut.objects.create(token_digest="1", iss=ISSUER, sid="s1")
    for callback in callbacks:
        callback()
    session.refresh_from_db()
    assert session.end_reason == EndReason.PROVIDER_SIGN_OUT


@pytest.mark.parametrize("word", [{"sid": "s1"}, {"sub": "ada-7"}, {"sid": "s1", "sub": "ada-7"}])
def test_what_nothing_caught_up_with_ends_with_the_sweep(
    word: dict[str, str], user: Any, other_user: Any
) -> None:
    """A hook of the host before ours has raised, say: Django runs none of the others then."""
    ours = signed_in(user)
    theirs = signed_in(other_user, sub="grace-1", sid="s9")
    ProviderSignOut.objects.create(token_digest="1", iss=ISSUER, **word)
    assert end_unlawful() == 1
    ours.refresh_from_db()
    theirs.refresh_from_db()
    assert ours.end_reason == EndReason.PROVIDER_SIGN_OUT
    assert theirs.is_living


@pytest.mark.parametrize(
    "word",
    [
        {"sub": "ada-7", "at": timezone.now() - timedelta(hours=1)},  # they signed in again since
        {"sid": "S1"},
        {"sid": "s1", "sub": "grace-1"},
        {"sid": "s1", "iss": "https://other.example"},
    ],
)
def test_a_word_that_means_somebody_else_ends_nothing_with_the_sweep(word: dict[str, Any], user: Any) -> None:
    session = signed_in(user)
    ProviderSignOut.objects.create(token_digest="1", **{"iss": ISSUER, **word})
    assert end_unlawful() == 0
    session.refresh_from_db()
    assert session.is_living


def test_a_word_about_somebody_else_makes_the_sweep_judge_nobody(user: Any) -> None:
    """Neither session has an id at the provider."""
    signed_in(user, sid="")
    signed_in(user, sid="", sub="")
    ProviderSignOut.objects.create(token_digest="1", iss=ISSUER, sub="grace-1")
    ProviderSignOut.objects.create(token_digest="2", iss=ISSUER, sub="ada-7", sid="s9")
    with CaptureQueriesContext(connection) as statements:
        assert end_unlawful() == 0
    judged = re.compile("SELECT .*FROM .sessions_ui_session. WHERE .*sessions_ui_session.\\..id. IN")
    assert not [query["sql"] for query in statements if judged.match(query["sql"])]


def test_catching_up_that_fails_takes_no_later_hook_with_it(
    user: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError

    heard = []
    monkeypatch.setattr("sessions_ui.actions.sign_in.sign_in.catch_up", fail)
    with django_capture_on_commit_callbacks(execute=True):
        signed_in(user)
        transaction.on_commit(lambda: heard.append("later"))
    assert heard == ["later"]


def test_what_a_provider_said_is_kept_for_two_days() -> None:
    now = timezone.now()
    for age in (timedelta(days=1), timedelta(days=3)):
        ProviderSignOut.objects.create(token_digest=str(age), iss=ISSUER, sid="s1", at=now - age)
    purge_old()
    assert ProviderSignOut.objects.get().at == now - timedelta(days=1)


@pytest.mark.parametrize(
    ("session", "told", "meant"),
    [
        (("i", "u", "s"), ("i", "", "s"), True),
        (("i", "u", "s"), ("i", "u", "s"), True),
        (("i", "", "s"), ("i", "u", "s"), True),
        (("i", "u", "s"), ("i", "u", ""), True),
        (("i", "u", ""), ("i", "u", ""), True),
        (("i", "u", "s"), ("j", "u", "s"), False),
        (("i", "u", "s"), ("i", "v", "s"), False),
        (("i", "u", "s"), ("i", "u", "t"), False),
        (("i", "u", "s"), ("i", "", "t"), False),
        (("i", "u", "s"), ("i", "v", ""), False),
        (("i", "", ""), ("i", "", ""), False),
        (("i", "", "s"), ("i", "", ""), False),
    ],
)
def test_whom_a_providers_word_means(
    session: tuple[str, str, str], told: tuple[str, str, str], meant: bool
) -> None:
    """Issuer, subject and session, of ours and of what was told."""
    assert is_meant(session, told=told) is meant


def test_whoever_says_it_is_the_actor_of_the_act(user: Any, administrator: Any) -> None:
    signed_in(user)
    receipt = end_provider_sessions(iss=ISSUER, sid="s1", actor=administrator, note="by hand")
    assert receipt.act is not None
    assert (receipt.act.actor_id, receipt.act.note) == (administrator.pk, "by hand")


def test_a_providers_word_about_another_issuers_subject_refuses_nobody(user: Any) -> None:
    ProviderSignOut.objects.create(token_digest="1", iss="https://other.example", sid="s1")
    ProviderSignOut.objects.create(token_digest="2", iss="https://other.example", sub="ada-7")
    ProviderSignOut.objects.create(token_digest="3", iss=ISSUER, sub="grace")
    assert signed_in(user).is_living


@pytest.fixture
def challenged(user: Any, browser: Any, settings: Any) -> Callable[..., SessionStore]:
    """`challenged(…)`: the session in which a sign-in by the provider waits for one more proof."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SUSPICIOUS_SIGN_INS": "challenge"}
    browser().sign_in(user)

    def make(
        *, begun: bool = True, before: Any = None, meanwhile: Callable[[], Any] = lambda: None
    ) -> SessionStore:
        elsewhere = {"HTTP_USER_AGENT": OTHER_BROWSER, "REMOTE_ADDR": "89.160.20.112"}
        request: Any = RequestFactory().get("/callback", **elsewhere)
        request.session = SessionStore()
        if before is not None:
            login(request, before, backend=BACKEND)
        if begun:
            begin_sign_in(request.session, user)
        remember_provider(request, user, provider="example", iss=ISSUER, sub="ada-7", sid="s1")
        with pytest.raises(SignInChallenged) as waits:
            login(request, user, backend=BACKEND)
        meanwhile()
        begin_challenge(request, waits.value)
        return SessionStore(request.session.session_key)

    return make


def test_a_sign_in_that_waits_where_the_account_is_gone_tells_nobody(challenged: Any, user: Any) -> None:
    waiting = challenged(meanwhile=user.delete)
    assert WAITING_KEY in waiting
    assert not Event.objects.filter(kind=Event.Kind.CHALLENGED).exists()


def completed(waiting: SessionStore, user: Any) -> Session:
    request = request_with(waiting)
    request.sessions_ui_proven = True
    login(request, user, backend=BACKEND)
    request.session.save()
    return Session.objects.get(pk=request.session.session_id)


@pytest.mark.parametrize("begun", [True, False], ids=["with a mark of its first step", "without one"])
@pytest.mark.parametrize("in_between", [True, False], ids=["where somebody else was", "where nobody was"])
def test_a_sign_in_that_is_asked_for_more_keeps_its_provider(
    in_between: bool, begun: bool, challenged: Any, user: Any, other_user: Any
) -> None:
    waiting = challenged(begun=begun, before=other_user if in_between else None)
    session = completed(waiting, user)
    assert (session.provider, session.iss, session.sub, session.sid) == ("example", ISSUER, "ada-7", "s1")
    assert PROVIDER_KEY not in SessionStore().decode(session.payload)
    assert end_provider_sessions(iss=ISSUER, sid="s1").ended == 1


def test_a_sign_in_that_is_asked_for_more_is_over_where_its_session_at_the_provider_is(
    challenged: Any, user: Any
) -> None:
    waiting = challenged()
    ProviderSignOut.objects.create(token_digest="1", iss=ISSUER, sid="s1")
    with pytest.raises(SignInRefused) as refused:
        completed(waiting, user)
    assert refused.value.reason == EndReason.PROVIDER_SIGN_OUT


def test_what_is_decided_while_the_question_is_prepared_refuses_the_sign_in(
    challenged: Any, user: Any
) -> None:
    """The mark of its first step is kept, and not made anew."""
    waiting = challenged(meanwhile=lambda: end_user_sessions(user=user, reason=EndReason.INCIDENT))
    with pytest.raises(SignInRefused) as refused:
        completed(waiting, user)
    assert refused.value.reason == EndReason.INCIDENT


def test_a_provider_that_names_no_issuer_has_signed_nobody_out() -> None:
    """SAML leaves it out where a site has one provider."""
    ProviderSignOut.objects.create(token_digest="d", iss="", sub="ada-7", sid="")
    at = timezone.now() - timedelta(hours=1)
    assert not is_signed_out(Identity("example", "", "ada-7", "s1", at=at))
