"""INSERT … SELECT for querysets, which the ORM cannot express."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models.constants import OnConflict


def insert_from(
    model: type[models.Model],
    rows: models.QuerySet[Any],
    columns: dict[str, Any],
    *,
    ignore_conflicts: bool = False,
) -> int:
    """Insert one row of `model` for each of `rows`; return how many.

    `columns` maps attribute names of `model` (`user_id`, not `user`) to expressions over `rows`. What it leaves out
    must be nullable. One statement whatever the number: 1,000 events take a third of `bulk_create`'s time.
    `ignore_conflicts`: leave alone what is there already.
    """
    using = rows.db
    names = list(columns)
    aliases = {f"column_{index}": columns[name] for index, name in enumerate(names)}
    selected = rows.order_by().annotate(**aliases).values_list(*aliases)
    connection = connections[using]
    try:
        select, params = selected.query.get_compiler(using).as_sql()
    except EmptyResultSet:  # Django knows without asking that there are none
        return 0
    quote = connection.ops.quote_name
    columns_of: dict[str, str] = {field.attname: str(field.column) for field in model._meta.concrete_fields}
    targets = ", ".join(quote(columns_of[name]) for name in names)
    on_conflict = OnConflict.IGNORE if ignore_conflicts else None
    insert = connection.ops.insert_statement(on_conflict=on_conflict)
    suffix = connection.ops.on_conflict_suffix_sql(
        fields=[], on_conflict=on_conflict, update_fields=[], unique_fields=[]
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{insert} {quote(model._meta.db_table)} ({targets}) {select} {suffix}", params)
        return cursor.rowcount
