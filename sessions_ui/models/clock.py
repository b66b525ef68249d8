"""The database's clock: hosts disagree about the time, and a lease must mean the same to all of them."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Now

from sessions_ui.database import moments


class DatabaseNow(Now):
    """The time in the database, in the zone in which Django stores times there.

    On MariaDB and MySQL Django's own `Now()` is in the zone of the server, whatever `USE_TZ` says. SQLite tells
    milliseconds only, and compares texts: this is the end of the current one, so that what was written "now" is past.
    """

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template=f"(UTC_TIMESTAMP(6) + INTERVAL {ahead()} SECOND)", **extra_context
        )

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        template = (
            f"(STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f', 'now', '{ahead():+d} seconds') || '999')"
        )
        return self.as_sql(compiler, connection, template=template, **extra_context)


def ahead() -> int:
    """Return by how many seconds what is stored is ahead of UTC: none with `USE_TZ`."""
    return int(moments.wall_clock().total_seconds())
