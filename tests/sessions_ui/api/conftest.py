"""Programs, and the tokens that they bring."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sessions_ui.actions.tokens.create import NewToken
from sessions_ui.api.request_limit import LIMIT
from tests.sessions_ui.actions.tokens.conftest import make_token

__all__ = ["make_token"]


@pytest.fixture(autouse=True)
def _nothing_counted() -> None:
    """Keys of rows come again in the next test."""
    LIMIT.forget()


class Program(Client):
    """A script: it keeps no cookies in mind, and sends its token with each request."""

    def __init__(self, made: NewToken, **defaults: Any) -> None:
        super().__init__(headers={"authorization": f"Bearer {made.value}"}, **defaults)


@pytest.fixture
def program() -> type[Program]:
    return Program
