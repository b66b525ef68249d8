"""Join a table that has one row, or none, to whatever a query reads.

The ORM joins along relations only, and there is none here: the one row belongs to every row. A subquery for each column
takes three times as long (docs/performance.md).
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.expressions import Col
from django.db.models.sql.constants import LOUTER


class OneRow:
    """`LEFT OUTER JOIN table ON (table.id = 1)`, as an entry of Django's `Query.alias_map`.

    It has what `django.db.models.sql.datastructures.Join` says that such an entry must have.
    """

    join_type = LOUTER
    nullable = True
    filtered_relation = None
    join_field = None

    def __init__(self, model: type[models.Model], key: int, parent_alias: str) -> None:
        self.model, self.key, self.parent_alias = model, key, parent_alias
        self.table_name = self.table_alias = model._meta.db_table

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        # The names are those of tables and columns: what a compiler does beyond that, for aliases, has another name in
        # each Django.
        quote = connection.ops.quote_name
        table, column = quote(self.table_alias), quote(str(self.model._meta.pk.column))
        return f"{self.join_type} {table} ON ({table}.{column} = {self.key:d})", []

    def relabeled_clone(self, change_map: dict[str, str]) -> OneRow:
        """Return itself: a query that is compiled as it is has nothing that is called otherwise."""
        return self


def with_one_row(
    rows: models.QuerySet[Any], model: type[models.Model], key: int, names: dict[str, str]
) -> models.QuerySet[Any]:
    """Return these rows with columns of the one row of `model` whose primary key is `key`; NULL where it is missing.

    `names`: what each column is called in the result, and the field of `model`.
    """
    rows = rows.all()
    query: Any = rows.query
    alias = query.join(OneRow(model, key, query.get_initial_alias()))
    for name, field in names.items():
        column: Any = model._meta.get_field(field)
        query.add_annotation(Col(alias, column), name)
    return rows
