"""Adoption against endings and against itself, with real threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from sessions_ui.actions.adopt import adopt_all
from sessions_ui.actions.end import end_user_sessions
from sessions_ui.adopt import SOURCES
from sessions_ui.store import SessionStore
from tests.models import AccountState, EndReason, Session, digest_of
from tests.races.conftest import at_once
from tests.sessions_ui.adopt.conftest import OldSessions
from tests.sessions_ui.adopt.old_tables import old_tables

__all__ = ["at_once"]
ROUNDS = 60 if connection.vendor != "sqlite" else 10


@pytest.fixture
def table(transactional_db: None) -> Iterator[None]:
    """Django's table only: with references to the users, these could not be flushed."""
    with old_tables("django"):
        yield


def resolve(key: str) -> bool:
    return SessionStore(key).resolve() is not None


@pytest.mark.usefixtures("table")
def test_everywhere_while_a_request_adopts(
    user: Any, old_session: OldSessions, at_once: Any, adopting: Any
) -> None:
    adopting()
    for _ in range(ROUNDS):
        AccountState.objects.update(cut_at=None)
        key = old_session(user)
        at_once(
            lambda key=key: resolve(key),
            lambda: end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user),
        )
        assert not resolve(key)


@pytest.mark.usefixtures("table")
def test_a_new_password_while_the_command_runs(user: Any, old_session: OldSessions, at_once: Any) -> None:
    def change(password: str) -> None:
        user.set_password(password)
        user.save()

    for number in range(ROUNDS // 3):
        AccountState.objects.update(cut_at=None)
        key = old_session(user)
        at_once(lambda: adopt_all(source=SOURCES["db"]), lambda number=number: change(f"new {number}"))
        row = Session.objects.filter(digest=digest_of(key)).first()
        assert row is None or row.ended_at is not None
        assert not resolve(key)


@pytest.mark.usefixtures("table")
def test_one_browser_asks_for_several_things_at_once(
    user: Any, old_session: OldSessions, at_once: Any, adopting: Any
) -> None:
    """Nobody is signed out, and it is adopted once."""
    adopting()
    for anonymous in (False, True):
        for _ in range(ROUNDS // 4):
            key = old_session(None if anonymous else user, data={"cart": 1})
            results = at_once(*[lambda key=key: resolve(key)] * 6, lambda: adopt_all(source=SOURCES["db"]))
            assert results[:6] == [True] * 6, results
            assert Session.objects.filter(digest=digest_of(key)).count() == 1
