"""`manage.py sessions leaked`: end the access tokens that were found where others can read them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import TextIOWrapper
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessions_ui.actions.tokens.leaked import report_leaked
from sessions_ui.management.exit_codes import ExitCode
from sessions_ui.management.output import add_json, write_json
from sessions_ui.management.people import account_called
from sessions_ui.models.primary import all_users
from sessions_ui.token_value import tokens_in

HELP = "End leaked access tokens. They are read from standard input, alone or within lines of text."
WHERE = 255


def add_arguments(parser: CommandParser) -> None:
    # Not as arguments: those stand in the history of the shell, and in the list of processes.
    parser.add_argument("--where", default="", help="Where they were found; kept in the history.")
    parser.add_argument("--actor", metavar="U", help="Who reports it: the whole address or user name.")
    add_json(parser, "how many")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    """Do so. Raises `CommandError`, with the exit code that says what became of it; no value is repeated."""
    if len(options["where"]) > WHERE:
        raise CommandError(f"--where: {WHERE} characters at most. Nothing was done.")
    actor = None
    if options["actor"] is not None:
        actor = all_users().get(pk=account_called("--actor", options["actor"]))
    read = ended = 0
    for line in _lines(command):
        read += 1
        for value in tokens_in(line):
            ended += report_leaked(value=value, where=options["where"], actor=actor).ended
    if options["json"]:
        write_json(command.stdout, {"read": read, "ended": ended})
    else:
        command.stdout.write(f"Lines read: {read:,}. Tokens ended: {ended:,}")
    if not ended:
        raise CommandError("No valid token was found.", returncode=ExitCode.NOTHING_MATCHED)


def _lines(command: BaseCommand) -> Iterator[str]:
    """Yield the lines that are not empty. A log may have bytes of any encoding; those that are no characters here are
    in no token."""
    if sys.stdin.isatty():
        command.stderr.write(
            "Enter a token, or a line that contains one. Ctrl-D ends the input.", style_func=str
        )
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    for line in sys.stdin:
        if line.strip():
            yield line
