"""Programs that call the JSON API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Browser
from tests.sessions_ui.api.conftest import Program

Call = Callable[..., Any]


@pytest.fixture
def call(make_token: Any) -> Call:
    """`call(user, "post", "/api/sessions/end-all", {}, scopes=["sessions:end"])`, by a token of this user."""

    def made(user: Any, method: str, url: str, body: Any = None, *, scopes: Any = (), **headers: str) -> Any:
        return send(
            Program(make_token(user, scopes=scopes or ["sessions:read"])), method, url, body, **headers
        )

    return made


def send(client: Any, method: str, url: str, body: Any = None, **headers: str) -> Any:
    """The answer to a request whose body is `body` as JSON, or as it is where it is bytes."""
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return client.generic(method.upper(), url, data, content_type="application/json", headers=headers)


@pytest.fixture
def signed_in(browser: Callable[..., Browser]) -> Callable[[Any], Browser]:
    """A browser in which somebody has signed in, and its CSRF token is checked as on a real site."""

    def made(user: Any) -> Browser:
        client = browser(enforce_csrf_checks=False)
        client.sign_in(user)
        client.handler.enforce_csrf_checks = True
        return client

    return made


def is_problem(answer: Any, status: int, kind: str) -> bool:
    """Whether the answer is this problem, as every one of the API looks."""
    said = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["X-Request-ID"] and "no-store" in answer["Cache-Control"]
    assert said["status"] == answer.status_code and said["title"]
    assert (answer.status_code, said["type"]) == (status, f"urn:sessions-ui:{kind}"), said
    return True
