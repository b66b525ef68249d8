"""Row locks on databases that know different words for them."""

from __future__ import annotations

from typing import Any

from django.db import connections, models


def locked(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Return the rows with `SELECT … FOR UPDATE` on the model's own table; to be evaluated inside a transaction.

    With multi-table inheritance the parent's row stays free where the database can say so (MariaDB cannot); SQLite has
    one writer at a time and needs no row locks.
    """
    if connections[rows.db].features.has_select_for_update_of:
        return rows.select_for_update(of=("self",))
    return rows.select_for_update()


def as_they_are_now(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Return rows of accounts that are held as they are now, whatever a transaction of the host has read before.

    At MariaDB's own REPEATABLE READ a plain SELECT shows what was there at the first one, and only one that locks does
    not. Elsewhere that snapshot either ends with its statement, or whoever holds the account is told to try again.
    """
    return locked(rows) if connections[rows.db].vendor == "mysql" else rows
