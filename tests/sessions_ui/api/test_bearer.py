"""`Authorization: Bearer`, as RFC 6750 has it, in plain views."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import AsyncClient, Client
from django.urls import path
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.api.decorators import token_required
from sessions_ui.exceptions import FurtherProofNeeded, TokenRefused
from sessions_ui.store import SessionStore
from tests.models import EndReason, Session

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@token_required("sessions:read")
def plain(request: HttpRequest) -> HttpResponse:
    now = context.current()
    assert now is not None
    return JsonResponse({"user": request.user.pk, "session": now.session_id, "acts": now.user_id})


@token_required("sessions:read")
async def asynchronous(request: HttpRequest) -> HttpResponse:
    user = await request.auser()
    return JsonResponse({"user": user.pk, "session": request.auth.session_id, "acts": user.pk})  # type: ignore[attr-defined]


@token_required("sessions:read")
def makes_another(request: HttpRequest) -> HttpResponse:
    ends = timezone.now() + timedelta(days=1)
    try:
        create_token(user=request.user, name="x", scopes=["sessions:read"], expires_at=ends)
    except (FurtherProofNeeded, TokenRefused) as error:
        return HttpResponse(type(error).__name__, status=403)
    return HttpResponse("made")


urlpatterns = [path("plain/", plain), path("async/", asynchronous), path("make/", makes_another)]
PATHS = ["/plain/", "/async/"]


def token(user: Any, *scopes: str) -> Any:
    ends = timezone.now() + timedelta(days=1)
    return create_token(user=user, name="Script", scopes=scopes or ["sessions:read"], expires_at=ends)


@pytest.mark.parametrize("url", PATHS)
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_acts_as_its_user(user: Any, url: str, scheme: str) -> None:
    made = token(user)
    response = Client().get(url, headers={"Authorization": f"{scheme} {made.value}"})
    assert response.json() == {"user": user.pk, "session": made.token.pk, "acts": user.pk}
    assert not response.cookies
    assert response["Cache-Control"] == "no-store, private"
    assert "Authorization" in response["Vary"]


@pytest.mark.parametrize("url", PATHS)
@pytest.mark.parametrize(
    ("header", "status", "challenge"),
    [
        (None, 401, 'Bearer realm="api"'),
        ("", 401, 'Bearer realm="api"'),
        ("Basic YTpi", 401, 'Bearer realm="api"'),
        (
            "Bearer",
            400,
            'Bearer realm="api", error="invalid_request",'
            ' error_description="The Authorization header is malformed."',
        ),
        (
            "Bearer one two",
            400,
            'Bearer realm="api", error="invalid_request",'
            ' error_description="The Authorization header is malformed."',
        ),
        (
            "Bearer sui_pat_nothing",
            401,
            'Bearer realm="api", error="invalid_token", error_description="The access token is not valid."',
        ),
    ],
)
def test_without_a_valid_token_nobody_gets_in(url: str, header: Any, status: int, challenge: str) -> None:
    response = Client().get(url, headers={} if header is None else {"Authorization": header})
    assert (response.status_code, response["WWW-Authenticate"]) == (status, challenge)
    assert response["Content-Type"] == "application/problem+json"
    assert not response.cookies


@pytest.mark.control("NHI5:2025")
@pytest.mark.parametrize("url", PATHS)
def test_a_scope_that_is_missing_is_named(user: Any, url: str) -> None:
    made = token(user, "sessions:end")
    response = Client().get(url, headers={"Authorization": f"Bearer {made.value}"})
    assert response.status_code == 403
    assert 'error="insufficient_scope"' in response["WWW-Authenticate"]
    assert 'scope="sessions:read"' in response["WWW-Authenticate"]


@pytest.mark.parametrize("url", PATHS)
def test_why_a_token_is_over_is_not_told(user: Any, url: str) -> None:
    made = token(user)
    end_session(session=made.token.session, reason=EndReason.NOT_ME)
    response = Client().get(url, headers={"Authorization": f"Bearer {made.value}"})
    assert response.status_code == 401
    assert "not_me" not in str(response.headers) + response.content.decode()
    assert Session.objects.get(pk=made.token.pk).refused_at is not None


@pytest.mark.parametrize("url", PATHS)
def test_a_cookie_alone_does_not_get_in(user: Any, url: str) -> None:
    client = Client()
    client.force_login(user)
    assert client.get(url).status_code == 401


def test_the_token_and_not_the_cookie_says_who_acts(user: Any, other_user: Any) -> None:
    client = Client()
    client.force_login(other_user)
    made = token(user)
    response = client.get("/plain/", headers={"Authorization": f"Bearer {made.value}"})
    assert response.json() == {"user": user.pk, "session": made.token.pk, "acts": user.pk}


def test_a_token_is_taken_from_the_header_only(user: Any) -> None:
    value = token(user).value
    client = Client()
    assert client.get("/plain/", {"access_token": value}).status_code == 401
    assert client.post("/plain/", {"access_token": value}).status_code == 401


def test_a_form_of_another_site_needs_no_csrf_token_and_gets_nowhere(user: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.post("/plain/").status_code == 401
    made = token(user)
    assert client.post("/plain/", headers={"Authorization": f"Bearer {made.value}"}).status_code == 200


def test_a_token_makes_no_token(user: Any) -> None:
    made = token(user)
    response = Client().post("/make/", headers={"Authorization": f"Bearer {made.value}"})
    assert response.status_code == 403


def test_a_token_makes_no_token_where_the_guard_is_off_either(user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CREDENTIAL_GUARD": False}
    made = token(user)
    response = Client().post("/make/", headers={"Authorization": f"Bearer {made.value}"})
    assert (response.status_code, response.content) == (403, b"FurtherProofNeeded")


@pytest.mark.parametrize("url", PATHS)
def test_a_use_is_noted_once_a_minute(user: Any, url: str, time_machine: Any) -> None:
    made = token(user)
    client = Client(HTTP_USER_AGENT="backup/2.1", REMOTE_ADDR="81.2.69.142")
    header = {"Authorization": f"Bearer {made.value}"}
    now = timezone.now() + timedelta(seconds=5)
    time_machine.move_to(now, tick=False)
    client.get(url, headers=header)
    session = Session.objects.get(pk=made.token.pk)
    assert (session.last_seen_at, session.user_agent, session.address) == (now, "backup/2.1", "81.2.69.142")
    time_machine.move_to(now + timedelta(seconds=59), tick=False)
    client.get(url, headers=header)
    assert Session.objects.get(pk=made.token.pk).last_seen_at == now
    time_machine.move_to(now + timedelta(seconds=60), tick=False)
    client.get(url, headers=header)
    assert Session.objects.get(pk=made.token.pk).last_seen_at == now + timedelta(seconds=60)


@pytest.mark.django_db(transaction=True)
async def test_under_asgi_as_well(user: Any) -> None:
    made = await sync_to_async(token)(user)
    client = AsyncClient()
    for url in PATHS:
        response = await client.get(url, headers={"Authorization": f"Bearer {made.value}"})
        assert (response.status_code, response.json()["user"]) == (200, user.pk)
        assert (await client.get(url)).status_code == 401


# --- Each kind of secret in the place of each other


def test_a_token_is_no_cookie(user: Any, settings: Any) -> None:
    made = token(user)
    for value in (made.value, f"token:{made.value}", made.token.session.digest):
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = value
        assert client.get("/plain/").status_code == 401
        assert SessionStore(value).get_user().is_anonymous


def test_a_session_key_is_no_token(user: Any) -> None:
    client = Client()
    client.force_login(user)
    key = client.session.session_key
    for value in (key, f"sui_pat_{key}"):
        assert Client().get("/plain/", headers={"Authorization": f"Bearer {value}"}).status_code == 401
