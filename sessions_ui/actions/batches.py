"""Remove or change many rows in batches of primary keys: constant memory, and no lock is held longer than a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db import connections, models, router

from sessions_ui.database.transactions import in_transaction
from sessions_ui.models.locking import locked
from sessions_ui.models.primary import PrimaryQuerySet, all_users

BATCH = 1000  # rows a statement


def delete_rows(rows: models.QuerySet[Any]) -> int:
    """Delete these rows in batches; return how many. No signals are sent, and nothing is deleted along with them."""
    rows = where_written(rows)
    return sum(_delete_batch(rows, keys) for keys in batches_of(rows))


def update_rows(rows: models.QuerySet[Any], **changes: Any) -> int:
    """Write these columns of the rows in batches; return how many rows were changed."""
    rows = where_written(rows)
    return sum(_update_batch(rows, keys, changes) for keys in batches_of(rows))


def delete_of_gone_accounts(rows: models.QuerySet[Any]) -> int:
    """Delete those of the rows whose user no longer exists. Users may be in another database, hence no join."""
    rows = where_written(rows).filter(user__isnull=False)
    users = all_users()
    removed = 0
    for keys in batches_of(rows):
        owners = set(rows.filter(pk__in=keys).values_list("user_id", flat=True))
        if gone := owners - set(users.filter(pk__in=owners).values_list("pk", flat=True)):
            removed += _delete_batch(rows.filter(user_id__in=gone), keys)
    return removed


def where_written(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Return the rows as read from the database that is written to, because what a replica says may be old."""
    return rows.using(router.db_for_write(rows.model))


def batches_of(rows: models.QuerySet[Any]) -> Iterator[list[Any]]:
    """Yield the primary keys of the rows in batches.

    It walks them once, so that a batch does not look again at all that went before it.
    """
    rest = rows
    while keys := list(rest.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield keys
        rest = rows.filter(pk__gt=keys[-1])


def _delete_batch(rows: models.QuerySet[Any], keys: list[Any]) -> int:
    """Delete these rows, where they still meet the condition.

    The statement that deletes checks it again, of rows that nobody else is changing: one of them may just have signed
    in.
    """
    return _held(rows, keys, lambda chosen: chosen._raw_delete(chosen.db))


def _update_batch(rows: models.QuerySet[Any], keys: list[Any], changes: dict[str, Any]) -> int:
    return _held(rows, keys, lambda chosen: chosen.update(**changes))


def _held(rows: models.QuerySet[Any], keys: list[Any], write: Callable[[models.QuerySet[Any]], int]) -> int:
    def hold_and_write() -> int:
        if connections[rows.db].features.has_select_for_update:
            held: models.QuerySet[Any] = PrimaryQuerySet(rows.model, using=rows.db).filter(pk__in=keys)
            list(locked(held.order_by("pk")).values_list("pk"))
        return write(rows.filter(pk__in=keys))

    return in_transaction(hold_and_write, using=rows.db)
