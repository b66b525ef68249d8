"""Tell which errors of a database say that it is away, or accepts nothing just now.

Such errors are nobody's fault, and over after a while.
"""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError

# PostgreSQL, by class: connection, resources, operator intervention, system error, rolled back by the server. And a
# lock that was not to be had, and a server that takes no writes (it became a standby, or a standby answers).
SQLSTATE_CLASSES = frozenset({"08", "40", "53", "57", "58"})
SQLSTATES = frozenset({"55P03", "25006"})
# MariaDB and MySQL: too many connections, shutting down, no such host or server, gone, lost; no primary component
# (Galera); locked for too long, deadlock, a statement for too long; only reads; killed.
MYSQL_LOST = frozenset({1053, 1927, 2002, 2003, 2005, 2006, 2013, 2055, 4031})
MYSQL_CODES = MYSQL_LOST | {1040, 1203, 1047, 1205, 1213, 1020, 1969, 3024, 1290, 1836, 1317}
# SQLite: busy, locked, the disk does not answer, is full, or the file cannot be opened.
SQLITE_CODES = frozenset({5, 6, 10, 13, 14})
# The server said it before it hung up: shutdown, crash, not ready yet, a session that was ended.
LOST_SQLSTATES = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "25P04"})


def is_outage(error: BaseException | None) -> bool:
    """Return whether the database is away or overloaded, and no statement of ours was wrong."""
    if not isinstance(error, DatabaseError | InterfaceError):
        return False
    state, mysql, sqlite = codes_of(error)
    if state:
        return state[:2] in SQLSTATE_CLASSES or state in SQLSTATES
    if sqlite is not None:
        return sqlite & 0xFF in SQLITE_CODES
    if mysql is not None:
        return mysql in MYSQL_CODES
    return _is_of_a_connection(error)


def is_connection_lost(error: BaseException) -> bool:
    """Return whether the connection is gone, or the server will not say anything on it any more.

    What was under way on it was rolled back, unless it was the commit itself.
    """
    if not isinstance(error, DatabaseError | InterfaceError):
        return False
    state, mysql, sqlite = codes_of(error)
    if state:
        return state[:2] == "08" or state in LOST_SQLSTATES
    if sqlite is not None:
        return False
    if mysql is not None:
        return mysql in MYSQL_LOST
    return _is_of_a_connection(error)


def codes_of(error: BaseException) -> tuple[str | None, int | None, int | None]:
    """Return SQLSTATE, MySQL's number and SQLite's of an error of Django's or the driver's, each None where it has
    none."""
    cause: Any = error.__cause__ or error
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    sqlite = getattr(cause, "sqlite_errorcode", None)
    number = cause.args[0] if cause.args and isinstance(cause.args[0], int) else None
    return state, number, sqlite


def _is_of_a_connection(error: BaseException) -> bool:
    """Return whether the error comes from the driver or the pool because there is no connection, or it is broken.

    It has no number then, because it does not come from a server.
    """
    return isinstance(error, OperationalError | InterfaceError)
