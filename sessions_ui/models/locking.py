"""Row locks on databases that know different words for them."""

from __future__ import annotations

from typing import Any

from django.db import connections, models


def locked(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """`SELECT … FOR UPDATE` on the model's own table; to be evaluated inside a transaction.

    With multi-table inheritance the parent's row stays free where the database can say so (MariaDB cannot); SQLite
    has one writer at a time and needs no row locks.
    """
    if connections[rows.db].features.has_select_for_update_of:
        return rows.select_for_update(of=("self",))
    return rows.select_for_update()
