"""Have PostgreSQL parse and plan a query once for each connection, and not at every use.

This is done by SQL's own PREPARE and EXECUTE. EXECUTE goes through Django's ordinary cursor, so the query log,
`execute_wrapper`s and tracing see it, as one statement. Preparing is setting up a connection: like Django's own set-up
(time zone, role) it goes through the driver's cursor, so it is in no log, and a test that counts statements never sees
it.

Nobody is worse off for it: what PostgreSQL has forgotten, or has planned for a table that looks different by now, is
asked in full instead, and the attempt breaks no transaction of the host.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DatabaseError

from sessions_ui.conf import conf
from sessions_ui.database.outages import codes_of
from sessions_ui.database.timestamps import TIMESTAMPTZ, quick_loader

Row = tuple[Any, ...]

# The use of a connection that prepares: it takes two round trips more, and where every request has a connection of its
# own (CONN_MAX_AGE = 0, Django's default) there are hardly three.
PREPARED_FROM = 3
# After so many failures a connection is left alone: something there forgets its statements again and again.
MOST_FAILURES = 3
# No such statement (DISCARD ALL, DEALLOCATE ALL, a pooler), there already (a pooler), another result (ALTER TABLE).
OUTDATED = frozenset({"26000", "42P05", "0A000"})
SAVEPOINT = "sessions_ui_prepared"
CONNECTION_STATE = "SELECT pg_backend_pid(), EXISTS (SELECT FROM pg_prepared_statements WHERE name = %s)"


class Query:
    """A query for one row by one value, which stands in it `times` times as `%s`."""

    def __init__(self, sql: str, times: int) -> None:
        self.sql, self.times = sql, times

    def fetch(self, connection: Any, value: str) -> Row | None:
        with connection.cursor() as cursor:
            return self._in_full(cursor, value)

    def _in_full(self, cursor: Any, value: str) -> Row | None:
        cursor.execute(self.sql, (value,) * self.times)
        return cursor.fetchone()


class NamedQuery(Query):
    """The same on SQLite. Django translates its placeholders at every use, by a regular expression over the whole text;
    where the value has a name, by a format string, which is ten times as fast."""

    def __init__(self, sql: str, times: int) -> None:
        super().__init__(sql, times)
        self._named_sql = sql % (("%(value)s",) * times) if "%%" not in sql else None

    def _in_full(self, cursor: Any, value: str) -> Row | None:
        if self._named_sql is None:
            return super()._in_full(cursor, value)
        cursor.execute(self._named_sql, {"value": value})
        row: Row | None = cursor.fetchone()
        return row


@dataclass(slots=True)
class Use:
    """How one connection of the driver has used a query."""

    timestamps: Any  # `quick_loader()` there
    count: int = 0
    is_prepared: bool = False
    failures: int = 0
    is_left_alone: bool = False

    def fail(self) -> None:
        self.is_prepared = False
        self.failures += 1
        self.is_left_alone = self.failures >= MOST_FAILURES


class PreparedQuery(Query):
    """The same on PostgreSQL, where it is prepared on connections that last."""

    def __init__(self, sql: str, times: int) -> None:
        from django.db.backends.postgresql.psycopg_any import is_psycopg3

        super().__init__(sql, times)
        # By its hash: a statement of this name that somebody else has left behind a pooler is the same.
        self.name = f"sessions_ui_{sha256(sql.encode()).hexdigest()[:16]}"
        self._prepare_sql = f"PREPARE {self.name} (text) AS {sql % (('$1',) * times)}"
        self._execute_sql = f"EXECUTE {self.name} (%s)"
        # In one message, and so hardly slower than by itself: a failure leaves the transaction around it intact.
        self._guarded_sql = f"SAVEPOINT {SAVEPOINT}; {self._execute_sql}; RELEASE SAVEPOINT {SAVEPOINT}"
        self._can_guard = is_psycopg3  # psycopg 2 shows the last result of a message only
        self._uses: WeakKeyDictionary[Any, Use] = WeakKeyDictionary()

    def fetch(self, connection: Any, value: str) -> Row | None:
        with connection.cursor() as cursor:
            use = self._use_by(connection)
            if use.timestamps is not None and connection.timezone is not None:
                cursor.adapters.register_loader(TIMESTAMPTZ, use.timestamps)
            if not use.is_left_alone and (connection.autocommit or self._can_guard):
                try:
                    if use.is_prepared or self._prepare(connection, use):
                        return self._prepared(connection, cursor, value)
                except DatabaseError as error:
                    state, _mysql, _sqlite = codes_of(error)
                    if state not in OUTDATED:
                        raise
                    self._recover(connection, cursor)
                    use.fail()
            return self._in_full(cursor, value)

    def _use_by(self, connection: Any) -> Use:
        """Return how the driver's connection has used the query: a pool gives Django another one for each request."""
        use = self._uses.get(connection.connection)
        if use is None:
            use = self._uses[connection.connection] = Use(quick_loader(connection.connection))
        return use

    def _prepared(self, connection: Any, cursor: Any, value: str) -> Row | None:
        if connection.autocommit:
            cursor.execute(self._execute_sql, (value,))
        else:
            cursor.execute(self._guarded_sql, (value,))
            cursor.nextset()
        return cursor.fetchone()

    def _recover(self, connection: Any, cursor: Any) -> None:
        if not connection.autocommit:
            cursor.execute(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}; RELEASE SAVEPOINT {SAVEPOINT}")

    def _prepare(self, connection: Any, use: Use) -> bool:
        use.count += 1
        if use.count >= PREPARED_FROM:
            use.is_prepared = conf.prepare_look_up is not False and self._prepare_on(connection)
            use.is_left_alone = not use.is_prepared
        return use.is_prepared

    def _prepare_on(self, connection: Any) -> bool:
        """Prepare the query on this connection, where that is possible; return whether it was done.

        It is not possible where EXECUTE's value would be a parameter of the protocol, of which PostgreSQL takes none
        there (`server_side_binding`, where psycopg has a way of its own), nor behind a pooler, where the next statement
        may meet another connection of PostgreSQL. A pooler shows by its process number, which it has made up.
        """
        raw = connection.connection
        with connection.wrap_database_errors, raw.cursor() as cursor:
            if not hasattr(cursor, "mogrify"):
                return False
            cursor.execute(CONNECTION_STATE, (self.name,))
            process, is_there = cursor.fetchone()
            if process != raw.info.backend_pid and not conf.prepare_look_up:
                return False
            cursor.execute(f"DEALLOCATE {self.name}; {self._prepare_sql}" if is_there else self._prepare_sql)
        return True
