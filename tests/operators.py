"""What an operator types, for tests that are about something else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import StringIO
from typing import Any

from django.core.management import CommandError, call_command

from sessions_ui.management.exit_codes import ExitCode


def sessions_end(*arguments: str) -> None:
    """`manage.py sessions end … --yes`. That nothing was signed in is no failure: it was decided all the same."""
    try:
        call_command("sessions", "end", "--yes", *arguments, verbosity=0, stdout=StringIO())
    except CommandError as error:
        if error.returncode != ExitCode.NOTHING_MATCHED:
            raise


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a command; `err` has the message of the error that it ended with, too."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def records(self) -> list[Any]:
        return [json.loads(line) for line in self.lines]


def sessions(*arguments: str) -> Ran:
    """`manage.py sessions …`."""
    out, err = StringIO(), StringIO()
    try:
        call_command("sessions", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return Ran(error.returncode, out.getvalue(), f"{err.getvalue()}{error}")
    return Ran(0, out.getvalue(), err.getvalue())


class Terminal(StringIO):
    """Standard input at which somebody sits, and types this."""

    def isatty(self) -> bool:
        return True
