"""Commands that need our tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections, router
from django.db.migrations.executor import MigrationExecutor

from sessions_ui.metrics import durations
from sessions_ui.models import Session
from sessions_ui.token_value import may_hold_token


class MigratedCommand(BaseCommand):
    """A command that says in one line that `migrate` was forgotten, instead of the database's words about a missing
    table. It takes no access token as an argument: errors and the history would repeat it."""

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **options)
        parse = parser.parse_args

        def parse_args(args: Sequence[str] | None = None, namespace: Any = None) -> Any:
            if any(may_hold_token(text) for text in args or ()):
                parser.error(
                    "an access token stands among the arguments, where the shell's history keeps it, and is of no "
                    "use there. If it leaked, hand it to `sessions leaked` on its standard input. Nothing was done."
                )
            return parse(args, namespace)

        parser.parse_args = parse_args  # type: ignore[method-assign, assignment]
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except DatabaseError as error:
            using = router.db_for_write(Session)
            if is_migrated(using):
                raise
            raise CommandError(
                f"The tables of sessions_ui in the database {using!r} are not up to date. Run: python manage.py migrate"
            ) from error
        finally:
            durations.write_down()  # nothing comes after it


def is_migrated(using: str) -> bool:
    """Return whether all of our migrations were applied."""
    executor = MigrationExecutor(connections[using])
    app_label = Session._meta.app_label
    return not executor.migration_plan(
        [node for node in executor.loader.graph.leaf_nodes() if node[0] == app_label]
    )
