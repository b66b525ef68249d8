"""Where no other engine has ever been, or its table was dropped."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from sessions_ui.actions.adoption.adopt import adopt_missing
from sessions_ui.checks.outside.adoption import not_adopted
from sessions_ui.store import SessionStore

pytestmark = pytest.mark.django_db


def test_a_table_that_was_dropped_before_the_setting_is_no_error(adopting: Any, caplog: Any) -> None:
    adopting()
    for _ in range(2):
        assert SessionStore("0123456789bogus0123456789").resolve() is None
    assert "ADOPT_FROM" in caplog.text
    assert adopt_missing("0123456789bogus0123456789") is False, "there is nothing to look up again"


def test_there_is_nothing_to_adopt(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("adopt_sessions")
    assert "signed_cookies" in capsys.readouterr().out
    with pytest.raises(CommandError, match="qsessions_session: not in the database"):
        call_command("adopt_sessions", source="qsessions")


def test_the_check_has_nothing_to_say() -> None:
    assert not_adopted(databases=[connection.alias]) == []


def test_help_says_what_cannot_be_read(capsys: Any) -> None:
    with pytest.raises(SystemExit):
        call_command("adopt_sessions", "--help", stdout=StringIO())
    assert "signed_cookies" in capsys.readouterr().out
