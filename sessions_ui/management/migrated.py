"""Commands that need our tables."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections, router
from django.db.migrations.executor import MigrationExecutor

from sessions_ui.metrics import durations
from sessions_ui.models import Session


class MigratedCommand(BaseCommand):
    """A command that says in one line that `migrate` was forgotten, instead of the database's words about a missing
    table."""

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
