"""With what `manage.py sessions …` exits."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings

from sessions_ui.management.commands.sessions import Command
from sessions_ui.management.exit_codes import ExitCode


def test_the_page_has_a_row_for_each() -> None:
    page = (settings.BASE_DIR / "docs" / "commands.md").read_text()
    table = page.split("## Exit codes")[1]
    assert [int(code) for code in re.findall(r"^\| (\d) \|", table, re.MULTILINE)] == [*ExitCode]


@pytest.mark.parametrize(
    "arguments",
    [["list", "--limit", "0"], ["list", "--since", "yesterday"], ["end", "--nothing"], ["away"], []],
)
def test_what_cannot_be_read_exits_with_2(arguments: list[str], capsys: Any) -> None:
    command = Command()
    command._called_from_command_line = True
    with pytest.raises(SystemExit) as left:
        command.create_parser("manage.py", "sessions").parse_args(arguments)
    assert left.value.code == ExitCode.USAGE
    assert "usage: manage.py sessions" in capsys.readouterr().err


def test_an_error_exits_with_its_code(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """As the shell sees it; no database is asked."""
    monkeypatch.setattr("django.db.connections.close_all", lambda: None)
    monkeypatch.setattr("sessions_ui.management.commands.sessions.Command.requires_system_checks", [])
    with pytest.raises(SystemExit) as left:
        Command().run_from_argv(["manage.py", "sessions", "end", "--ticket", "x" * 101])
    assert left.value.code == ExitCode.ERROR
    assert "--ticket: 100 characters at most" in capsys.readouterr().err
