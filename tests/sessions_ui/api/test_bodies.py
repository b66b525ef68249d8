"""A body that Django leaves unread is told from none, and from one that it reads."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.test import RequestFactory

from sessions_ui.api.bodies import is_unread
from tests.models import Session
from tests.sessions_ui.api.conftest import Program

CHUNKED = {"Transfer-Encoding": "chunked"}


def test_under_wsgi_a_body_in_chunks_is_unread() -> None:
    make = RequestFactory().generic
    assert is_unread(make("POST", "/", headers=CHUNKED))
    assert not is_unread(make("POST", "/"))
    assert not is_unread(make("POST", "/", b"{}")) and not is_unread(
        make("POST", "/", b"{}", headers=CHUNKED)
    )


def test_under_asgi_it_is_read_to_the_end() -> None:
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"transfer-encoding", b"chunked")]}
    request = ASGIRequest(scope, BytesIO(b'{"a": 1}'))
    assert not is_unread(request) and json.loads(request.body) == {"a": 1}


@pytest.mark.django_db
def test_a_key_that_is_to_end_later_does_not_end_now(
    administrator: Any, other_user: Any, make_token: Any
) -> None:
    """As the server of the standard library calls Django: the chunks are there, and nobody says how long they are."""
    program, key = make_token(administrator, scopes=["tokens:admin"]), make_token(other_user)
    sent = {"wsgi.input": BytesIO(b'26\r\n{"expires_at":"2099-01-01T00:00:00Z"}\r\n0\r\n\r\n')}
    url = f"/api/workos/api_keys/{key.token.session.public_id}/expire"
    answer = Program(program).generic("POST", url, content_type="application/json", headers=CHUNKED, **sent)
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
    assert Session.objects.get(pk=key.token.pk).is_living
