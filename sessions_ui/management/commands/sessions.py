"""`manage.py sessions …`: what an operator does with sessions (docs/commands.md, docs/runbook.md)."""

from __future__ import annotations

from typing import Any, Protocol

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError

from sessions_ui.exceptions import OutcomeUnknown
from sessions_ui.management.exit_codes import ExitCode
from sessions_ui.management.migrated import MigratedCommand
from sessions_ui.management.sessions import (
    after_restore,
    carry_out,
    end,
    health,
    help_desk_group,
    incident,
    leaked,
    show,
    tokens,
)
from sessions_ui.management.sessions import list as listing


class Subcommand(Protocol):
    """A module of `management/sessions/`."""

    HELP: str

    def add_arguments(self, parser: CommandParser) -> None: ...
    def handle(self, command: BaseCommand, options: dict[str, Any]) -> None: ...


SUBCOMMANDS: dict[str, Subcommand] = {
    "list": listing,
    "show": show,
    "end": end,
    "tokens": tokens,
    "leaked": leaked,
    "incident": incident,
    "after-restore": after_restore,
    "carry-out": carry_out,
    "help-desk-group": help_desk_group,
    "health": health,
}


class Command(MigratedCommand):
    help = "List, show and end sessions, and what else an operator does with them."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        for name, subcommand in SUBCOMMANDS.items():
            subcommand.add_arguments(commands.add_parser(name, help=subcommand.HELP))

    def handle(self, *args: Any, **options: Any) -> None:
        SUBCOMMANDS[options["subcommand"]].handle(self, options)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run it. What the database refused has an exit code of its own, because trying again may help."""
        try:
            return super().execute(*args, **options)
        except OutcomeUnknown as error:
            raise CommandError(
                "The connection was lost at the commit, so we do not know whether it was done. It is safe "
                "to run the same command again.",
                returncode=ExitCode.NOT_DONE,
            ) from error
        except (OperationalError, InterfaceError) as error:
            raise CommandError(
                f"The database refused it: {error}. Some or all of it was not done. Try again.",
                returncode=ExitCode.NOT_DONE,
            ) from error
