"""Which errors say that the database is away or overloaded, and which that something of ours is wrong."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)
from psycopg import errors
from psycopg_pool import PoolTimeout

from sessions_ui.database.outages import is_connection_lost, is_outage
from sessions_ui.exceptions import OutcomeUnknown, TryAgain


def wrapped(kind: type[Exception], cause: Exception) -> Exception:
    """As Django raises what a driver has raised."""
    error = kind(*cause.args)
    error.__cause__ = cause
    return error


def of_sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("said by SQLite")
    error.sqlite_errorcode = code
    return error


LOST = {
    "a server that hung up": wrapped(
        OperationalError, psycopg.OperationalError("server closed the connection")
    ),
    "a pool without a connection": wrapped(OperationalError, PoolTimeout("couldn't get a connection")),
    "a connection that is closed": wrapped(
        InterfaceError, psycopg.InterfaceError("connection already closed")
    ),
    "a server that shuts down": wrapped(OperationalError, errors.AdminShutdown("terminating connection")),
    "a server that crashed": wrapped(OperationalError, errors.CrashShutdown("terminating connection")),
    "a server that starts": wrapped(OperationalError, errors.CannotConnectNow("starting up")),
    "MariaDB that hung up": wrapped(OperationalError, psycopg.OperationalError(2006, "gone away")),
    "MariaDB that is not there": wrapped(OperationalError, psycopg.OperationalError(2002, "Can't connect")),
}
OVERLOADED = {
    "a lock that was not to be had": wrapped(OperationalError, errors.LockNotAvailable("lock timeout")),
    "a statement that took too long": wrapped(OperationalError, errors.QueryCanceled("statement timeout")),
    "a full disk": wrapped(OperationalError, errors.DiskFull("could not extend file")),
    "too many connections": wrapped(OperationalError, errors.TooManyConnections("too many clients")),
    "a deadlock": wrapped(OperationalError, errors.DeadlockDetected("deadlock")),
    "a standby": wrapped(InternalError, errors.ReadOnlySqlTransaction("cannot execute UPDATE")),
    "MariaDB with too many connections": wrapped(
        OperationalError, psycopg.OperationalError(1040, "Too many")
    ),
    "SQLite that is locked": wrapped(OperationalError, of_sqlite(sqlite3.SQLITE_BUSY)),
    "SQLite on a full disk": wrapped(OperationalError, of_sqlite(sqlite3.SQLITE_FULL)),
}
OURS = {
    "a table that is missing": wrapped(ProgrammingError, errors.UndefinedTable("no such relation")),
    "a constraint": wrapped(IntegrityError, errors.UniqueViolation("duplicate key")),
    "a table that is missing in SQLite": wrapped(OperationalError, of_sqlite(sqlite3.SQLITE_ERROR)),
    "a column that MariaDB does not know": wrapped(
        OperationalError, psycopg.OperationalError(1054, "Unknown")
    ),
    "Django's own": DatabaseError("Save with update_fields did not affect any rows."),
    "no error of a database": ValueError("no number"),
}


@pytest.mark.parametrize("error", [*LOST.values(), *OVERLOADED.values()], ids=[*LOST, *OVERLOADED])
def test_an_error_of_a_server_that_is_away_is_an_outage(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize(
    "code",
    [
        # The server is away or going: MariaDB's "Error Codes", those of a client, MySQL's own.
        1053, 1927, 2002, 2003, 2005, 2006, 2013, 2055, 4031,
        # Too many connections, of all and of one user; no primary component of a Galera cluster.
        1040, 1203, 1047,
        # Locked for too long, a deadlock, a row that changed meanwhile, too long, interrupted, only reads.
        1205, 1213, 1020, 1969, 3024, 1317, 1290, 1836,
    ],
)  # fmt: skip
def test_a_code_of_mariadb_or_mysql_for_what_passes_is_an_outage(code: int) -> None:
    assert is_outage(wrapped(OperationalError, psycopg.OperationalError(code, "said by the server")))


@pytest.mark.parametrize("error", OURS.values(), ids=OURS)
def test_an_error_of_anything_else_is_no_outage(error: Exception) -> None:
    assert not is_outage(error)


@pytest.mark.parametrize("error", LOST.values(), ids=LOST)
def test_the_connection_is_lost(error: Exception) -> None:
    assert is_connection_lost(error)


@pytest.mark.parametrize("error", [*OVERLOADED.values(), *OURS.values()], ids=[*OVERLOADED, *OURS])
def test_the_connection_is_not_lost(error: Exception) -> None:
    assert not is_connection_lost(error)


@pytest.mark.parametrize("kind", [TryAgain, OutcomeUnknown])
def test_what_we_say_of_an_outage_is_one(kind: type[Exception]) -> None:
    assert is_outage(kind())


def test_nothing_at_all_is_no_outage() -> None:
    assert not is_outage(None)
