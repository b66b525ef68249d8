"""Each kind of secret in the place of each other: what is not at home there is refused, and nothing comes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.api import token_required
from tests.conftest import PASSWORD
from tests.models import AccessToken, EndReason, Session

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

LOGIN = "/_allauth/app/v1/auth/login"
OF_APPS = "/_allauth/app/v1/auth/session"


def by_cookie(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user.pk), status=200 if request.user.is_authenticated else 401)


@token_required()
def by_bearer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user.pk))


urlpatterns = [
    path("by-cookie", by_cookie),
    path("by-bearer", by_bearer),
    path("_allauth/", include("allauth.headless.urls")),
    path("", include("config.urls")),
]


# --- What somebody may hold


def key_of_browser(user: Any) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def key_of_app(user: Any) -> str:
    posted = {"email": user.email, "password": PASSWORD}
    answer = Client().post(LOGIN, posted, content_type="application/json")
    assert answer.status_code == 200, answer.content.decode()
    return str(json.loads(answer.content)["meta"]["session_token"])


def token(user: Any, *scopes: str) -> Any:
    ends = timezone.now() + timedelta(days=1)
    return create_token(user=user, name="Script", scopes=scopes or ["sessions:read"], expires_at=ends)


def value_of_token(user: Any) -> str:
    return str(token(user).value)


def former_value(user: Any) -> str:
    made = token(user)
    rotate_token(token=made.token)
    return str(made.value)


def former_value_after_the_overlap(user: Any) -> str:
    value = former_value(user)
    AccessToken.objects.filter(session__user=user).update(overlap_ends_at=timezone.now())
    return value


def ended(made: Callable[[Any], str]) -> Callable[[Any], str]:
    def ended_one(user: Any) -> str:
        value = made(user)
        end_session(session=Session.objects.get(user=user), reason=EndReason.ADMINISTRATOR)
        return value

    ended_one.__name__ = f"ended_{made.__name__}"
    return ended_one


SECRETS: list[Callable[[Any], str]] = [
    key_of_browser,
    key_of_app,
    value_of_token,
    former_value,
    former_value_after_the_overlap,
    ended(key_of_browser),
    ended(key_of_app),
    ended(value_of_token),
    ended(former_value),
]


# --- Where they may put it: whether it lets them in


def cookie(value: str, _asker: str) -> bool:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = value
    return bool(client.get("/by-cookie").status_code == 200)


def bearer(value: str, _asker: str) -> bool:
    return bool(Client().get("/by-bearer", headers={"Authorization": f"Bearer {value}"}).status_code == 200)


def session_token(value: str, _asker: str) -> bool:
    return bool(Client().get(OF_APPS, headers={"X-Session-Token": value}).status_code == 200)


def introspection(value: str, asker: str) -> bool:
    headers = {"Authorization": f"Bearer {asker}"}
    answer = Client().post("/api/token/introspect", f"token={value}", content_type=FORM, headers=headers)
    assert answer.status_code == 200
    return bool(answer.json()["active"])


def revocation(value: str, _asker: str) -> bool:
    answer = Client().post("/api/token/revoke", f"token={value}", content_type=FORM)
    assert (answer.status_code, answer.content) == (200, b"")
    return Session.objects.filter(end_reason=EndReason.SIGNED_OUT).exists()


FORM = "application/x-www-form-urlencoded"
PLACES: list[Callable[[str, str], bool]] = [cookie, bearer, session_token, introspection, revocation]
FITS = {
    ("key_of_browser", "cookie"),
    ("key_of_app", "session_token"),
    *product(["value_of_token", "former_value"], ["bearer", "introspection", "revocation"]),
}
ALL = list(product(SECRETS, PLACES))


def pairs() -> list[Any]:
    return [pytest.param(secret, place, id=f"{secret.__name__}-{place.__name__}") for secret, place in ALL]


@pytest.mark.parametrize(("secret", "place"), pairs())
def test_a_secret_lets_somebody_in_in_its_own_place_only(
    secret: Callable[[Any], str], place: Callable[[str, str], bool], user: Any, other_user: Any
) -> None:
    make_service_account(user=other_user, owner=user)
    asker = token(other_user, "tokens:introspect").value
    value = secret(user)
    before = states(user)
    fits = (secret.__name__, place.__name__) in FITS
    assert place(value, asker) is fits
    assert (states(user) == before) is (place is not revocation or not fits)


def states(user: Any) -> list[tuple[Any, ...]]:
    return list(Session.objects.of(user).values_list("pk", "kind", "ended_at", "end_reason"))


def test_every_pair_is_asked_about() -> None:
    assert len(ALL) == len(SECRETS) * len(PLACES) == 45
    assert {(secret.__name__, place.__name__) for secret, place in ALL} >= FITS
