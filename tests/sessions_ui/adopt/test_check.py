"""Living sessions of another engine that nobody has taken over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection

from sessions_ui.checks.outside import adoption
from tests.sessions_ui.adopt.conftest import OldSessions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tables")]


def ids(databases: list[str] | None) -> set[str]:
    messages = run_checks(databases=databases)
    return {str(message.id) for message in messages if message.id == "sessions_ui.W081"}


def test_the_warning_is_said_until_the_command_has_run(user: Any, old_session: OldSessions) -> None:
    old_session(user)
    assert ids([connection.alias]) == {"sessions_ui.W081"}
    call_command("adopt_sessions", "--dry-run", verbosity=0)
    assert ids([connection.alias]) == {"sessions_ui.W081"}
    call_command("adopt_sessions", verbosity=0)
    assert ids([connection.alias]) == set()


def test_a_server_that_starts_does_not_ask(user: Any, old_session: OldSessions) -> None:
    old_session(user)
    assert ids(None) == set()


def test_what_has_run_out_need_not_be_taken_over(user: Any, old_session: OldSessions) -> None:
    old_session(user, expires=timedelta(seconds=-1))
    assert ids([connection.alias]) == set()


def test_before_the_first_migrate_there_is_nothing_to_say(
    user: Any,
    old_session: OldSessions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old_session(user)
    fields = adoption.Heartbeat._meta.fields
    assert all(field.cached_col for field in fields), "Django keeps the name of the table there"
    monkeypatch.setattr(adoption.Heartbeat._meta, "db_table", "not_made_yet")
    assert adoption.not_adopted(databases=[connection.alias]) == []
