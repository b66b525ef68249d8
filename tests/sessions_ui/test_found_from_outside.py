"""What somebody found who had not read the other tests, and was given an hour to break the promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model, login, logout
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.db import IntegrityError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone

from sessions_ui import context, models
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.offboard import cancel_offboarding, offboard
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.actions.sign_in.pending import begin_sign_in
from sessions_ui.exceptions import SessionEnded, SignInRefused, StaleSession, TryAgain
from sessions_ui.store import SessionStore
from tests.interleaving import just_before
from tests.models import EndReason, Session

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
BACKEND = settings.AUTHENTICATION_BACKENDS[0]


def whoami(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user.pk))


def busy(request: HttpRequest) -> HttpResponse:
    """A transaction of the host, in which a sign-out took part, fails at its commit."""
    request.session.flush()
    now = context.current()
    assert now is not None
    now.took_part = True
    error = OperationalError("could not serialize access")
    error.__cause__ = SerializationFailure()
    raise error


class SerializationFailure(Exception):
    sqlstate = "40001"


def asked_again(request: HttpRequest) -> HttpResponse:
    """Under WSGI, so that both ways share what they know."""
    before = async_to_sync(request.auser)()
    person = str(request.user)
    if request.GET["do"] == "logout":
        logout(request)
    else:
        login(request, get_user_model().objects.get(email=request.GET["do"]), backend=BACKEND)
    after = async_to_sync(request.auser)()
    return HttpResponse(f"{before}, {person}, {after}, {request.user}")


urlpatterns = [
    path("asked-again/", asked_again),
    path("whoami/", whoami),
    path("busy/", busy),
    path("", include("config.urls")),
]


def store_of(user: Any) -> SessionStore:
    client = Client()
    client.force_login(user)
    return SessionStore(client.cookies["sessionid"].value)


def request_with(store: SessionStore, user: Any) -> HttpRequest:
    request = HttpRequest()
    request.method, request.session, request.user = "POST", store, user
    return request


def living_of(user: Any) -> int:
    return Session.objects.living().filter(user_id=user.pk).count()


def test_a_refused_sign_in_as_somebody_else_leaves_no_row_of_theirs(user: Any, other_user: Any) -> None:
    require_new_password(user=other_user, reason=EndReason.HELP_DESK, actor=None)
    store = store_of(user)
    with pytest.raises(SignInRefused):
        login(request_with(store, user), other_user, backend=BACKEND)
    store.save()
    assert living_of(other_user) == 0
    assert not SessionStore(store.session_key).get_user().is_authenticated


def test_a_sign_in_as_somebody_else_is_theirs_only_once_it_was_judged(user: Any, other_user: Any) -> None:
    seen = []

    def look() -> None:
        seen.append(Session.objects.filter(user_id=other_user.pk).count())

    with just_before("UPDATE .sessions_ui_accountstate. SET .sign_ins", look):
        login(request_with(store_of(user), user), other_user, backend=BACKEND)
    assert seen == [0]
    assert living_of(other_user) == 1


@pytest.mark.parametrize("asked_before", [True, False], ids=["read before", "not read before"])
def test_a_waiting_sign_in_beside_somebody_else_is_refused_too(
    asked_before: bool, user: Any, other_user: Any
) -> None:
    store = store_of(user)
    begin_sign_in(store, other_user)
    store.save()
    end_user_sessions(user=other_user, reason=EndReason.SIGNED_OUT_EVERYWHERE)
    later = SessionStore(store.session_key)
    if asked_before:
        assert SESSION_KEY in later
    else:
        later.flush()
    with pytest.raises(SignInRefused):
        login(request_with(later, AnonymousUser()), other_user, backend=BACKEND)
    assert living_of(other_user) == 0


def test_a_waiting_sign_in_outlives_no_offboarding_that_was_taken_back(user: Any) -> None:
    store = SessionStore()
    begin_sign_in(store, user)
    store.save()
    row = offboard(user=user, ends_at=timezone.now())
    cancel_offboarding(offboarding=row)
    with pytest.raises(SignInRefused):
        login(request_with(SessionStore(store.session_key), AnonymousUser()), user, backend=BACKEND)


def test_an_account_that_a_request_found_disabled_refuses_a_waiting_sign_in_though_it_is_on_again(
    user: Any,
) -> None:
    phone = store_of(user).session_key
    store = SessionStore()
    begin_sign_in(store, user)
    store.save()
    users = get_user_model().objects.filter(pk=user.pk)
    users.update(is_active=False)
    assert not SessionStore(phone).get_user().is_authenticated
    users.update(is_active=True)
    with pytest.raises(SignInRefused):
        login(request_with(SessionStore(store.session_key), AnonymousUser()), user, backend=BACKEND)


def test_a_session_that_ended_while_it_waited_signs_nobody_else_out(user: Any) -> None:
    """Two sessions of one account sign each other out at the same moment: the second one has ended by then."""
    mine, other = store_of(user), store_of(user)
    assert mine.session_id and other.session_id
    token = context.begin(context.Acting(mine))
    try:
        Session.objects.filter(pk=mine.session_id).update(ended_at=timezone.now(), end_reason="not_me")
        with pytest.raises(SessionEnded):
            end_user_sessions(
                user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user, keep=mine.session_id
            )
    finally:
        context.finish(token)
    assert living_of(user) == 1


def test_a_request_that_ends_its_own_session_may_go_on_ending(user: Any, other_user: Any) -> None:
    mine = store_of(user)
    store_of(other_user)
    token = context.begin(context.Acting(mine))
    try:
        end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR, actor=user)
        assert end_user_sessions(user=other_user, reason=EndReason.ADMINISTRATOR, actor=user).ended == 1
    finally:
        context.finish(token)
    assert living_of(other_user) == 0


def test_an_answer_that_nothing_was_done_takes_no_cookie_away(user: Any) -> None:
    client = Client()
    client.force_login(user)
    Session.objects.update(signed_in_at=timezone.now())
    with just_before("UPDATE .sessions_ui_session. SET .ended_at", lambda: None):
        response = client.post("/busy/")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    assert "sessionid" not in response.cookies


def test_a_dead_cookie_is_refused_also_where_the_refusal_cannot_be_noted(user: Any) -> None:
    key = store_of(user).session_key
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)

    def locked(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "refused_at" in sql and sql.startswith("UPDATE"):
            error = OperationalError("database is locked")
            error.__cause__ = SerializationFailure()
            raise error
        return execute(sql, params, many, context)

    client = Client()
    client.cookies["sessionid"] = key
    with connection.execute_wrapper(locked):
        assert client.get("/whoami/").content == b"None"
    assert Session.objects.get().refused_at is None


def test_no_instance_writes_an_end_away_in_bulk(user: Any) -> None:
    store = store_of(user)
    stale = models.Session.objects.get(pk=store.session_id)
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    for fields in (["ended_at", "end_reason"], ["digest"], ["expires_at"], ["user"]):
        with pytest.raises(StaleSession):
            models.Session.objects.bulk_update([stale], fields)
    with pytest.raises(StaleSession):
        models.Session.objects.bulk_create(
            [stale], update_conflicts=True, unique_fields=["id"], update_fields=["ended_at"]
        )
    assert models.Session.objects.bulk_update([stale], ["browser_version"]) == 1
    assert not SessionStore(store.session_key).get_user().is_authenticated


def test_an_instance_makes_no_session_longer(user: Any) -> None:
    store = store_of(user)
    stale = models.Session.objects.get(pk=store.session_id)
    over = timezone.now() - timedelta(minutes=1)
    Session.objects.filter(pk=stale.pk).update(expires_at=over)
    with pytest.raises(StaleSession):
        stale.save()
    assert Session.objects.get().expires_at == over


def test_a_refused_second_step_leaves_the_session_alone_in_which_it_was_tried(user: Any) -> None:
    store = store_of(user)
    begin_sign_in(store, user)
    store.save()
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user, keep=store.session_id)
    later = SessionStore(store.session_key)
    with pytest.raises(SignInRefused):
        login(request_with(later, user), user, backend=BACKEND)
    later.turn_away()
    assert SessionStore(store.session_key).get_user() == user


def test_somebody_elses_sign_in_takes_no_mark_of_a_waiting_one(user: Any, other_user: Any) -> None:
    store = SessionStore()
    begin_sign_in(store, other_user)
    store.save()
    login(request_with(store, AnonymousUser()), user, backend=BACKEND)
    store.save()
    end_user_sessions(user=other_user, reason=EndReason.SIGNED_OUT_EVERYWHERE)
    with pytest.raises(SignInRefused):
        login(request_with(SessionStore(store.session_key), user), other_user, backend=BACKEND)
    assert living_of(other_user) == 0


@pytest.mark.parametrize("fetched", [True, False], ids=["fetched", "not fetched"])
@pytest.mark.parametrize("raw", [True, False])
def test_no_stale_instance_is_written_past_its_own_save(
    raw: bool, fetched: bool, user: Any, other_user: Any
) -> None:
    key, theirs = store_of(user).session_key, store_of(other_user).session_key
    stale = models.Session.objects.get(user=user)
    if not fetched:
        stale = models.Session(
            **{field.attname: getattr(stale, field.attname) for field in stale._meta.fields}
        )
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    with pytest.raises(SessionEnded if fetched else IntegrityError), transaction.atomic():
        stale.save_base(raw=raw)
    assert not SessionStore(key).get_user().is_authenticated
    assert SessionStore(theirs).get_user() == other_user


@pytest.mark.parametrize("reason", ["", "of_a_later_release"])
def test_a_session_that_sql_has_ended_without_a_known_reason_is_refused_like_any_other(
    reason: str, user: Any, other_user: Any, browser: Any
) -> None:
    here, there = browser(), browser()
    here.sign_in(user)
    there.sign_in(other_user)
    Session.objects.of(user).update(ended_at=timezone.now(), end_reason=reason)
    assert here.get("/whoami/").content == b"None"
    here.sign_in(user)
    assert here.get("/account/devices/").status_code == 200
    assert there.get("/whoami/").content == str(other_user.pk).encode()


@pytest.mark.parametrize("address", ["http://[", "http://testserver//["])
def test_what_htmx_calls_its_address_need_not_be_one(address: str, user: Any, browser: Any) -> None:
    here = browser()
    here.sign_in(user)
    headers = {"HX-Request": "true", "HX-Current-URL": address}
    assert here.get("/account/devices/", headers=headers).status_code == 200
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    response = here.get("/account/devices/", headers=headers)
    assert (response.status_code, response.headers["HX-Redirect"][:15]) == (200, "/account/login/")


@pytest.mark.parametrize("exception", [SignInRefused("offboarded"), TryAgain(), ValueError()])
@pytest.mark.parametrize("backend", [BACKEND, "django.contrib.auth.backends.ModelBackend"])
def test_a_second_sign_in_that_fails_signs_nobody_out_who_was_signed_in(
    backend: str, exception: Exception, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a view swallows it and the session is saved."""
    store = store_of(user)
    before = Session.objects.values().get()

    def fail(**kwargs: Any) -> None:
        raise exception

    monkeypatch.setattr("sessions_ui.store.signing_in.sign_in", fail)
    with pytest.raises(type(exception)):
        login(request_with(store, user), user, backend=backend)
    store["cart"] = 1
    store.save()
    after = Session.objects.values().get()
    assert SessionStore(store.session_key).get_user() == user
    assert {name for name in after if after[name] != before[name]} <= {"payload", "expires_at"}


def test_a_session_that_was_emptied_after_a_failed_sign_in_is_signed_out(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(user)

    def refuse(**kwargs: Any) -> None:
        raise SignInRefused("offboarded")

    monkeypatch.setattr("sessions_ui.store.signing_in.sign_in", refuse)
    with pytest.raises(SignInRefused):
        login(request_with(store, user), user, backend=BACKEND)
    store.clear()
    store.save()
    assert living_of(user) == 0


@pytest.fixture
def before_ours() -> Iterator[list[Callable[[HttpRequest], Any]]]:
    """What a receiver of the host does at the next sign-in, before ours hears of it."""
    ours = user_logged_in.receivers
    work: list[Callable[[HttpRequest], Any]] = []

    def receiver(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
        if work:
            work.pop()(request)

    user_logged_in.receivers = []
    user_logged_in.connect(receiver)
    user_logged_in.receivers += ours
    user_logged_in.sender_receivers_cache.clear()
    yield work
    user_logged_in.receivers = ours
    user_logged_in.sender_receivers_cache.clear()


def test_a_receiver_before_ours_may_sign_out_again(user: Any, before_ours: list[Any]) -> None:
    before_ours.append(logout)
    client = Client()
    client.force_login(user)
    assert client.get("/whoami/").content == b"None"
    assert living_of(user) == 0


def test_a_receiver_before_ours_may_sign_somebody_else_in(
    user: Any, other_user: Any, before_ours: list[Any]
) -> None:
    before_ours.append(lambda request: login(request, other_user, backend=BACKEND))
    client = Client()
    client.force_login(user)
    assert client.get("/whoami/").content == str(other_user.pk).encode()
    assert (living_of(user), living_of(other_user)) == (0, 1)


@pytest.mark.parametrize("current", ["http://[", "http://[::1/?page=2", "\x00", "//", "?page=2"])
def test_what_htmx_says_of_the_page_may_be_anything(current: str, user: Any) -> None:
    client = Client()
    client.force_login(user)
    headers = {"HX-Request": "true", "HX-Current-URL": current}
    assert client.get("/account/devices/", headers=headers).status_code == 200
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    assert client.get("/account/devices/", headers=headers)["HX-Redirect"].startswith("/account/login/")


def test_whoever_asks_once_more_after_a_sign_out_or_a_sign_in_hears_who_it_is_now(
    user: Any, other_user: Any
) -> None:
    client = Client()
    client.force_login(user)
    response = client.get("/asked-again/", {"do": other_user.email})
    assert response.content.decode() == f"{user}, {user}, {other_user}, {other_user}"
    response = client.get("/asked-again/", {"do": "logout"})
    assert response.content.decode() == f"{other_user}, {other_user}, AnonymousUser, AnonymousUser"
