"""What all sources have in common: a table with key, payload and expiry, walked by its primary key.

The tables are described here, not imported: the old app need not be installed any more. They live in a registry of
their own, as Django's `MigrationRecorder` does it, so that no migration and no relation ever sees them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from django.apps.registry import Apps
from django.db import connections, models
from django.utils import timezone

OLD_TABLES = Apps()
APP_LABEL = "sessions_ui_old_tables"


@dataclass(frozen=True, slots=True)
class OldSession:
    """A row of an old table; what it does not say is None or empty. Its key never shows in a log or a traceback."""

    key: str = field(repr=False)
    payload: str = field(repr=False)
    expires_at: datetime
    address: str | None = None
    user_agent: str = ""
    signed_in_at: datetime | None = None
    seen_at: datetime | None = None


class OldTable(models.Model):
    """The columns of Django's `AbstractBaseSession`."""

    session_key = models.CharField(max_length=40, primary_key=True)
    session_data = models.TextField()
    expire_date = models.DateTimeField(db_index=True)

    class Meta:
        abstract = True
        apps = OLD_TABLES
        app_label = APP_LABEL
        managed = False

    def __str__(self) -> str:
        return "a session of another engine"


class Source:
    """Reads one engine's table. A subclass says what else its rows know."""

    name: ClassVar[str]
    table: ClassVar[type[OldTable]]
    # Keys of the payload that were the old engine's own business.
    own_keys: ClassVar[frozenset[str]] = frozenset()

    @property
    def tables(self) -> frozenset[str]:
        return frozenset({self.table._meta.db_table})

    def is_present(self, using: str) -> bool:
        connection = connections[using]
        with connection.cursor() as cursor:
            return self.tables <= set(connection.introspection.table_names(cursor))

    def has_living(self, using: str) -> bool:
        return self._living(using).exists()

    def count_expired(self, using: str) -> int:
        return self._rows(using).filter(expire_date__lte=timezone.now()).count()

    def batches(self, using: str, size: int) -> Iterator[list[OldSession]]:
        """Yield all rows that have not expired, in constant memory, and without a cursor that stays open on the
        server."""
        after = ""
        while rows := list(self._living(using).filter(session_key__gt=after).order_by("session_key")[:size]):
            yield self.complete(rows, using)
            after = rows[-1].session_key

    def find(self, using: str, key: str) -> OldSession | None:
        row = self._living(using).filter(session_key=key).first()
        # MySQL compares without regard to case, and another key of the same letters is another key.
        if row is None or row.session_key != key:
            return None
        return self.complete([row], using)[0]

    def complete(self, rows: Sequence[Any], using: str) -> list[OldSession]:
        return [
            OldSession(
                key=row.session_key,
                payload=row.session_data,
                expires_at=row.expire_date,
                **self.describe(row),
            )
            for row in rows
        ]

    def describe(self, row: Any) -> dict[str, Any]:
        """Return further fields of `OldSession`."""
        return {}

    def _rows(self, using: str) -> models.QuerySet[Any]:
        return self.table._base_manager.using(using)

    def _living(self, using: str) -> models.QuerySet[Any]:
        return self._rows(using).filter(expire_date__gt=timezone.now())
