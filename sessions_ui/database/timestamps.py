"""Read the timestamps of many rows as Django's loader does, but in C: on PostgreSQL that one is written in Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

TIMESTAMPTZ = 1184  # its number in pg_type, the same everywhere


@contextmanager
def quick_timestamps(using: str) -> Iterator[None]:
    """Let psycopg's own loader read what the database `using` is asked for here.

    Nothing is different on other databases, and where `quick_loader()` finds none.
    """
    connection = connections[using]
    if connection.vendor != "postgresql" or connection.timezone is None:
        yield
        return
    connection.ensure_connection()
    if (loader := quick_loader(connection.connection)) is None:
        yield
        return

    def with_loader(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        context["cursor"].adapters.register_loader(TIMESTAMPTZ, loader)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(with_loader):
        yield


def quick_loader(raw: Any) -> Any:
    """Return psycopg's own loader for this connection of the driver.

    Returns None where there is none in C, or where somebody has put one of theirs in the place of Django's.
    """
    from django.db.backends.postgresql import psycopg_any

    if not psycopg_any.is_psycopg3:
        return None
    from psycopg import adapters, pq

    current = raw.adapters.get_loader(TIMESTAMPTZ, pq.Format.TEXT)
    is_quick = pq.__impl__ != "python" and issubclass(current, psycopg_any.BaseTzLoader)
    return adapters.get_loader(TIMESTAMPTZ, pq.Format.TEXT) if is_quick else None
