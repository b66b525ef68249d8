"""What is read from a JWT that the package has stored."""

from __future__ import annotations

import base64
import json

import pytest

from sessions_ui.bridges.simplejwt import token_type


def a_token(payload: object) -> str:
    return f"header.{base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b'=').decode()}.signature"


@pytest.mark.parametrize("kind", ["refresh", "sliding"])
def test_a_token_says_what_it_is(kind: str) -> None:
    assert token_type(a_token({"token_type": kind, "user_id": "1"})) == kind


@pytest.mark.parametrize("odd", ["", "one part", "a.b.c", "a.é.c", a_token([]), a_token({}), "a.AAA=.c"])
def test_what_is_no_token_says_nothing(odd: str) -> None:
    assert token_type(odd) == ""
