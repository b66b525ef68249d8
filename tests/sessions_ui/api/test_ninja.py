"""Access tokens in django-ninja, as it is installed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as site
from django.http import HttpRequest
from django.test import AsyncClient, Client
from django.urls import path
from ninja import NinjaAPI
from ninja.security import django_auth

from sessions_ui import context
from sessions_ui.actions.endings.end import end_session
from sessions_ui.api.ninja import BearerAuth
from sessions_ui.exceptions import FurtherProofNeeded, SessionEnded, TryAgain
from tests.models import EndReason
from tests.sessions_ui.api.conftest import Program

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

api = NinjaAPI(auth=BearerAuth("sessions:read"), urls_namespace="of-the-tests")


def who(request: HttpRequest) -> dict[str, Any]:
    now = context.current()
    assert now is not None
    bearer: Any = request.auth  # type: ignore[attr-defined]
    return {"user": request.user.pk, "session": bearer.session_id, "acts": now.user_id}


@api.get("/sync")
def synchronous(request: HttpRequest) -> dict[str, Any]:
    return who(request)


@api.get("/async")
async def asynchronous(request: HttpRequest) -> dict[str, Any]:
    user = await request.auser()
    return {**who(request), "user": user.pk}


@api.post("/end", auth=BearerAuth("sessions:read", "sessions:end"))
def end(request: HttpRequest) -> dict[str, Any]:
    return who(request)


@api.get("/either", auth=[BearerAuth(), django_auth])
def either(request: HttpRequest) -> dict[str, Any]:
    return {"user": request.user.pk}


@api.get("/open", auth=None)
def anybody(request: HttpRequest) -> str:
    return "in"


@api.get("/raises/{kind}")
def raises(request: HttpRequest, kind: str) -> str:
    raise {"ended": SessionEnded(), "busy": TryAgain(), "proof": FurtherProofNeeded("password")}[kind]  # type: ignore[arg-type]


urlpatterns = [path("api/", api.urls)]
PATHS = ["/api/sync", "/api/async"]
INVALID = 'Bearer realm="api", error="invalid_token", error_description="The access token is not valid."'


@pytest.mark.parametrize("url", PATHS)
def test_a_token_lets_its_user_in(url: str, user: Any, make_token: Any, program: type[Program]) -> None:
    made = make_token(user)
    answer = program(made).get(url)
    assert answer.json() == {"user": user.pk, "session": made.token.pk, "acts": user.pk}
    assert "no-store" in answer["Cache-Control"] and "Authorization" in answer["Vary"]


@pytest.mark.parametrize("url", PATHS)
@pytest.mark.parametrize(
    ("header", "status", "challenge", "detail"),
    [
        (None, 401, 'Bearer realm="api"', "Unauthorized"),
        ("Basic YTpi", 401, 'Bearer realm="api"', "Unauthorized"),
        ("Bearer no", 401, INVALID, "The access token is not valid."),
        ("Bearer a b", 400, None, "The Authorization header is malformed."),
    ],
)
def test_a_refusal_is_worded_as_the_api_words_its_own_and_has_the_challenge(
    url: str, header: str | None, status: int, challenge: str | None, detail: str
) -> None:
    answer = Client().get(url, headers={} if header is None else {"Authorization": header})
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})
    if challenge is None:
        challenge = (
            'Bearer realm="api", error="invalid_request",'
            ' error_description="The Authorization header is malformed."'
        )
    assert answer["WWW-Authenticate"] == challenge
    assert not answer.cookies


def test_each_operation_says_which_scopes_it_needs(
    user: Any, make_token: Any, program: type[Program]
) -> None:
    answer = program(make_token(user)).post("/api/end")
    assert (answer.status_code, answer.json()) == (
        403,
        {"detail": "The access token lacks a scope that this needs."},
    )
    assert 'error="insufficient_scope"' in answer["WWW-Authenticate"]
    assert 'scope="sessions:read sessions:end"' in answer["WWW-Authenticate"]
    both = make_token(user, scopes=["sessions:end", "sessions:read"])
    assert program(both).post("/api/end").status_code == 200


def test_a_cookie_gets_in_where_the_api_says_so_and_a_bad_token_goes_first(
    user: Any, other_user: Any, make_token: Any, program: type[Program]
) -> None:
    client = Client()
    client.force_login(other_user)
    answer = client.get("/api/either")
    assert answer.json() == {"user": other_user.pk}
    assert not answer.has_header("WWW-Authenticate")
    assert client.get("/api/sync").status_code == 401
    assert client.get("/api/either", headers={"Authorization": "Bearer no"}).status_code == 401
    both = program(make_token(user))
    both.cookies = client.cookies
    assert both.get("/api/either").json() == {"user": user.pk}
    assert client.get("/api/either").json() == {"user": other_user.pk}


@pytest.mark.parametrize("url", PATHS)
def test_a_token_that_has_ended_is_refused(
    url: str, user: Any, make_token: Any, program: type[Program]
) -> None:
    made = make_token(user)
    client = program(made)
    client.cookies[site.SESSION_COOKIE_NAME] = "x" * 32
    end_session(session=made.token.session, reason=EndReason.NOT_ME)
    answer = client.get(url)
    assert (answer.status_code, answer["WWW-Authenticate"], dict(answer.cookies)) == (401, INVALID, {})


@pytest.mark.parametrize(("kind", "status"), [("ended", 401), ("busy", 503), ("proof", 403)])
def test_what_an_operation_raises_is_answered_as_problem_details(
    kind: str, status: int, user: Any, make_token: Any, program: type[Program]
) -> None:
    answer = program(make_token(user)).get(f"/api/raises/{kind}")
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


def test_the_openapi_document_says_bearer(client: Client) -> None:
    document = json.loads(client.get("/api/openapi.json").content)
    assert document["components"]["securitySchemes"] == {
        "BearerAuth": {"type": "http", "scheme": "bearer"},
        "SessionAuth": {"type": "apiKey", "in": "cookie", "name": site.SESSION_COOKIE_NAME},
    }
    assert document["paths"]["/api/sync"]["get"]["security"] == [{"BearerAuth": []}]


@pytest.mark.django_db(transaction=True)
async def test_under_asgi(user: Any, make_token: Any) -> None:
    made = await sync_to_async(make_token)(user)
    for url in PATHS:
        answer = await AsyncClient().get(url, headers={"Authorization": f"Bearer {made.value}"})
        assert answer.json() == {"user": user.pk, "session": made.token.pk, "acts": user.pk}
        assert (await AsyncClient().get(url)).status_code == 401
