"""Access tokens in Django REST framework, as it is installed."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import path
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from sessions_ui import context
from sessions_ui.actions.endings.end import end_session
from sessions_ui.api.drf import BearerAuthentication, HasScopes
from sessions_ui.exceptions import FurtherProofNeeded, NotTheOwner, SessionEnded, TryAgain
from tests.models import EndReason
from tests.sessions_ui.api.conftest import Program

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class Who(APIView):
    authentication_classes: ClassVar[list[Any]] = [BearerAuthentication]
    permission_classes: ClassVar[list[Any]] = [HasScopes]
    required_scopes: Any = ("sessions:read",)

    def get(self, request: Request) -> Response:
        now = context.current()
        assert now is not None
        return Response({"user": request.user.pk, "session": request.auth.session_id, "acts": now.user_id})

    post = get


class End(Who):
    required_scopes = ("sessions:read", "sessions:end")


class Either(APIView):
    authentication_classes: ClassVar[list[Any]] = [BearerAuthentication, SessionAuthentication]
    permission_classes: ClassVar[list[Any]] = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        return Response({"user": request.user.pk})

    post = get


class EitherWithScopes(Either):
    permission_classes: ClassVar[list[Any]] = [HasScopes]
    required_scopes = ("sessions:read",)


class CookiesFirst(Either):
    authentication_classes: ClassVar[list[Any]] = [SessionAuthentication, BearerAuthentication]


class SaysNothing(Who):
    required_scopes = None


class SaysOneName(Who):
    required_scopes = "sessions:read"


class Raises(Who):
    def get(self, request: Request) -> Response:
        raise {
            "ended": SessionEnded(),
            "busy": TryAgain(),
            "proof": FurtherProofNeeded("password"),  # type: ignore[arg-type]
            "owner": NotTheOwner(),
        }[request.query_params["kind"]]


urlpatterns = [
    path("who", Who.as_view()),
    path("end", End.as_view()),
    path("either", Either.as_view()),
    path("either-with-scopes", EitherWithScopes.as_view()),
    path("cookies-first", CookiesFirst.as_view()),
    path("says-nothing", SaysNothing.as_view()),
    path("says-one-name", SaysOneName.as_view()),
    path("raises", Raises.as_view()),
]
INVALID = 'Bearer realm="api", error="invalid_token", error_description="The access token is not valid."'


def test_a_token_lets_its_user_in(user: Any, make_token: Any, program: type[Program]) -> None:
    made = make_token(user)
    answer = program(made).get("/who")
    assert answer.json() == {"user": user.pk, "session": made.token.pk, "acts": user.pk}
    assert "no-store" in answer["Cache-Control"] and "Authorization" in answer["Vary"]


@pytest.mark.parametrize(
    ("header", "status", "challenge", "detail"),
    [
        (None, 401, 'Bearer realm="api"', "Authentication credentials were not provided."),
        ("Basic YTpi", 401, 'Bearer realm="api"', "Authentication credentials were not provided."),
        ("Bearer no", 401, INVALID, "The access token is not valid."),
        (
            "Bearer a b",
            400,
            'Bearer realm="api", error="invalid_request",'
            ' error_description="The Authorization header is malformed."',
            "The Authorization header is malformed.",
        ),
    ],
)
def test_a_refusal_is_worded_as_the_framework_does_and_has_the_challenge(
    header: str | None, status: int, challenge: str, detail: str
) -> None:
    answer = Client().get("/who", headers={} if header is None else {"Authorization": header})
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})
    assert answer["WWW-Authenticate"] == challenge
    assert not answer.cookies


def test_a_view_says_which_scopes_it_needs(user: Any, make_token: Any, program: type[Program]) -> None:
    answer = program(make_token(user)).get("/end")
    assert (answer.status_code, answer.json()) == (
        403,
        {"detail": "The access token lacks a scope that this needs."},
    )
    assert 'error="insufficient_scope"' in answer["WWW-Authenticate"]
    assert 'scope="sessions:read sessions:end"' in answer["WWW-Authenticate"]
    both = make_token(user, scopes=["sessions:end", "sessions:read"])
    assert program(both).get("/end").status_code == 200


@pytest.mark.parametrize("url", ["/says-nothing", "/says-one-name"])
def test_a_view_that_does_not_say_lets_nobody_in(
    url: str, user: Any, make_token: Any, program: type[Program]
) -> None:
    with pytest.raises(ImproperlyConfigured, match="required_scopes"):
        program(make_token(user)).get(url)


def test_a_cookie_gets_in_where_the_view_says_so_and_has_no_scopes(
    user: Any, other_user: Any, make_token: Any, program: type[Program]
) -> None:
    client = Client()
    client.force_login(other_user)
    assert client.get("/either").json() == {"user": other_user.pk}
    assert client.get("/either-with-scopes").status_code == 403
    assert client.get("/either", headers={"Authorization": "Bearer no"}).status_code == 401
    both = program(make_token(user))
    both.cookies = client.cookies
    assert both.get("/either").json() == {"user": user.pk}


def test_where_cookies_come_first_the_framework_says_403_and_the_challenge_is_there(user: Any) -> None:
    answer = Client().get("/cookies-first", headers={"Authorization": "Bearer no"})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (403, INVALID)


def test_what_a_cookie_is_refused_for_is_no_matter_of_tokens(other_user: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(other_user)
    answer = client.post("/either")
    assert answer.status_code == 403
    assert not answer.has_header("WWW-Authenticate")


def test_a_form_needs_no_csrf_token_and_a_cookie_does_not_get_in(
    user: Any, make_token: Any, program: type[Program]
) -> None:
    made = make_token(user)
    assert program(made, enforce_csrf_checks=True).post("/who").status_code == 200
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.post("/who").status_code == 401


def test_a_token_that_has_ended_is_refused(user: Any, make_token: Any, program: type[Program]) -> None:
    made = make_token(user)
    end_session(session=made.token.session, reason=EndReason.NOT_ME)
    answer = program(made).get("/who")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, INVALID)
    assert "not_me" not in answer.content.decode()


@pytest.mark.parametrize(
    ("kind", "status", "content_type"),
    [
        ("ended", 401, "application/problem+json"),
        ("busy", 503, "application/problem+json"),
        ("proof", 403, "application/problem+json"),
        ("owner", 403, "application/json"),  # a PermissionDenied, which the framework words itself
    ],
)
def test_what_a_view_raises_is_no_page(
    kind: str, status: int, content_type: str, user: Any, make_token: Any, program: type[Program]
) -> None:
    answer = program(make_token(user), HTTP_ACCEPT="application/json").get("/raises", {"kind": kind})
    assert (answer.status_code, answer["Content-Type"]) == (status, content_type)
    assert answer.has_header("WWW-Authenticate") is (status == 401)
    assert not answer.cookies


def test_without_the_session_middleware_it_says_so(
    user: Any, make_token: Any, program: type[Program], settings: Any
) -> None:
    settings.MIDDLEWARE = []
    with pytest.raises(ImproperlyConfigured, match="SessionMiddleware"):
        program(make_token(user)).get("/who")


def test_with_a_transaction_around_every_request(
    user: Any, make_token: Any, program: type[Program], settings: Any
) -> None:
    from django.db import connection

    made = make_token(user)
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        assert program(made).get("/who").status_code == 200
        end_session(session=made.token.session, reason=EndReason.NOT_ME)
        assert program(made).get("/who").status_code == 401
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False
