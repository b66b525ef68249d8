"""Requests that come with a key that another request has just replaced, and copies of what a session held."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.exceptions import KeyRotated
from sessions_ui.store import SessionStore
from tests.models import EndReason, Session

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@csrf_exempt
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponse("signed out")


def write(request: HttpRequest) -> HttpResponse:
    request.session["cart"] = 1
    return HttpResponse("written")


urlpatterns = [path("out/", sign_out), path("write/", write), path("", include("config.urls"))]


@pytest.fixture
def key(user: Any, browser: Any) -> str:
    client = browser()
    client.force_login(user)
    return str(client.cookies["sessionid"].value)


def rotated(key: str) -> str:
    """Another request of the same browser gets a new key."""
    store = SessionStore(key)
    store.cycle_key()
    store.save()
    assert store.session_key is not None
    return store.session_key


def client_with(key: str) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    return client


def is_signed_in(key: str | None) -> bool:
    return bool(SessionStore(key).get_user().is_authenticated)


def test_signing_out_with_the_key_of_a_moment_ago_ends_the_session(key: str) -> None:
    new_key = rotated(key)
    response = client_with(key).post("/out/")
    assert response.content == b"signed out"
    assert response.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 0, "the cookie is deleted"
    assert not is_signed_in(new_key)
    assert Session.objects.get().end_reason == EndReason.SIGNED_OUT


def test_signing_out_ends_the_session_also_where_its_key_is_replaced_in_the_middle(key: str) -> None:
    store = SessionStore(key)
    assert store.get_user().is_authenticated
    new_key = rotated(key)
    store.flush()
    assert not is_signed_in(new_key)


@pytest.mark.parametrize(
    ("rotated_at", "ended_at", "over_at"), [(5, None, 5), (5, 8, 8), (None, 8, 8), (None, None, None)]
)
def test_a_key_was_valid_until_it_was_replaced_or_its_session_ended(
    rotated_at: int | None, ended_at: int | None, over_at: int | None, key: str
) -> None:
    """In minutes of an hour that is over. `over_at` of a key that still is valid, or never was one, is None."""
    hour = timezone.now() - timedelta(hours=1)
    if rotated_at is not None:
        rotated(key)
        Session.objects.update(rotated_at=hour + timedelta(minutes=rotated_at))
    if ended_at is not None:
        ended = {"ended_at": hour + timedelta(minutes=ended_at), "end_reason": EndReason.SIGNED_OUT}
        Session.objects.update(**ended)
    store = SessionStore(key)
    store.resolve()
    valid = [minute for minute in range(60) if store.was_valid_at(hour + timedelta(minutes=minute))]
    assert valid == ([] if over_at is None else list(range(over_at + 1)))


def test_a_key_that_was_replaced_long_ago_ends_nothing(key: str, settings: Any) -> None:
    new_key = rotated(key)
    Session.objects.update(rotated_at=timezone.now() - timedelta(days=1000))
    SessionStore(key).flush()
    assert is_signed_in(new_key)


def test_writing_with_the_key_of_a_moment_ago_takes_no_cookie_away(key: str) -> None:
    new_key = rotated(key)
    response = client_with(key).get("/write/")
    assert response.status_code == 409
    assert settings.SESSION_COOKIE_NAME not in response.cookies
    assert Session.objects.count() == 1 and is_signed_in(new_key)


def test_a_store_with_the_key_of_a_moment_ago_makes_no_session(key: str) -> None:
    rotated(key)
    store = SessionStore(key)
    store["cart"] = 1
    with pytest.raises(KeyRotated):
        store.save()


def as_it_is(data: dict[str, Any]) -> dict[str, Any]:
    return dict(data)


def pickled(data: dict[str, Any]) -> Any:
    return pickle.loads(pickle.dumps(data))


@pytest.mark.parametrize("copied", [as_it_is, copy.deepcopy, pickled])
@pytest.mark.parametrize("fresh", [True, False], ids=["into a fresh store", "into the same store"])
def test_a_copy_of_what_a_session_held_signs_nobody_in(
    key: str, user: Any, copied: Callable[[dict[str, Any]], dict[str, Any]], fresh: bool
) -> None:
    store = SessionStore(key)
    data = copied(dict(store.items()))
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE)
    store.flush()
    into = SessionStore() if fresh else store
    into.update(data)
    into.save()
    assert not is_signed_in(into.session_key)
    assert not Session.objects.living().exists()


def test_a_copy_into_an_anonymous_session_signs_nobody_in(key: str, user: Any) -> None:
    data = dict(SessionStore(key).items())
    anonymous = SessionStore()
    anonymous["cart"] = 1
    anonymous.save()
    anonymous.update(data)
    anonymous.save()
    assert not is_signed_in(anonymous.session_key)
    assert SessionStore(anonymous.session_key)["cart"] == 1


def test_a_copy_from_the_request_that_signed_in_signs_nobody_in_either(user: Any, rf: Any) -> None:
    from django.contrib.auth import login
    from django.contrib.auth.models import AnonymousUser

    request = rf.post("/")
    request.session, request.user = SessionStore(), AnonymousUser()
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    data = dict(request.session.items())
    assert data[SESSION_KEY] == str(user.pk)
    request.session.save()
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE)
    other = SessionStore()
    other.update(data)
    other.save()
    assert not is_signed_in(other.session_key)
