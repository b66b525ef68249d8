"""Whether there are sessions of another engine to move here: what only the database knows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core import checks
from django.db import connections, router

from sessions_ui.actions.adoption.window import ADOPTED
from sessions_ui.models import Heartbeat, Session


def not_adopted(
    app_configs: Any = None, databases: Collection[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """Warn of sessions that were not adopted. A check of databases: it is made by `migrate` and `check --database`,
    never by a server that starts."""
    using = router.db_for_write(Session)
    if using not in (databases or ()) or not _has_tables(using):
        return []
    from sessions_ui.adopt import present  # described here only where they are looked for

    found = present(using)
    if not found or Heartbeat.last(ADOPTED) is not None:
        return []
    tables = ", ".join(sorted({table for source in found for table in source.tables}))
    return [
        checks.Warning(
            f"{tables}: another session engine has living sessions there that were not taken over. Whoever has one is "
            "signed out by the next request, unless ADOPT_FROM is in effect.",
            hint="python manage.py adopt_sessions (docs/adoption.md), or empty that table.",
            id="sessions_ui.W081",
        )
    ]


def _has_tables(using: str) -> bool:
    """Return whether our tables are there. Before the first `migrate`, which makes this check, too, there is nothing to
    adopt into."""
    connection = connections[using]
    with connection.cursor() as cursor:
        return Heartbeat._meta.db_table in connection.introspection.table_names(cursor)
