"""`manage.py sessions leaked`: end the access tokens that were found where others can read them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessions_ui.actions.tokens.leaked import report_leaked
from sessions_ui.management.exit_codes import ExitCode
from sessions_ui.management.output import add_json, write_json
from sessions_ui.management.people import account_called
from sessions_ui.models.primary import all_users

HELP = "End access tokens that leaked; their values are read from the standard input, one a line."
LONGEST = 200  # characters of a line: whatever else a file has is no token
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
    for value in _values(command):
        read += 1
        ended += report_leaked(value=value, where=options["where"], actor=actor).ended
    if options["json"]:
        write_json(command.stdout, {"read": read, "ended": ended})
    else:
        command.stdout.write(f"Values read: {read:,}. Tokens ended: {ended:,}")
    if not ended:
        raise CommandError("None of these is a valid token.", returncode=ExitCode.NOTHING_MATCHED)


def _values(command: BaseCommand) -> Iterator[str]:
    if sys.stdin.isatty():
        command.stderr.write("One value a line; Ctrl-D ends.", style_func=str)
    for line in sys.stdin:
        if value := line.strip():
            yield value[:LONGEST]
