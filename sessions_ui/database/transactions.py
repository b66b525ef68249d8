"""Run the transactions of this app: at READ COMMITTED, begun with a write, and repeated when the database says so.

Two transactions that write the same rows can be told to try again: a deadlock, a serialization failure between the
nodes of a cluster or at a stricter isolation level, SQLite's one writer. Where the outermost transaction is ours it is
repeated, with jitter, for up to `RETRIED_FOR`. Inside a transaction of the host project nothing can be repeated:
`TryAgain` says that nothing was changed.

A statement that was stopped, by a time limit or by an administrator, was not done: `TryAgain` at once, without a
repetition that would take as long.

A lost connection says nothing more. Before the commit was sent nothing was changed (`TryAgain`, at once: the next try
may take as long as the server is away); after that nobody knows (`OutcomeUnknown`).

A transaction that decides something is committed as `SYNCHRONOUS_COMMIT` says (PostgreSQL), whoever began it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from functools import partial, wraps
from types import TracebackType
from typing import ParamSpec, TypeVar

from django.apps import apps
from django.db import InterfaceError, OperationalError, connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from sessions_ui import context
from sessions_ui.conf import conf
from sessions_ui.database.outages import codes_of, is_connection_lost
from sessions_ui.exceptions import DoneInPart, OutcomeUnknown, SessionEnded, TryAgain

P = ParamSpec("P")
T = TypeVar("T")

RETRIED_FOR = 10.0  # seconds; five tries were too few (seen: 20 sign-ins of one user at REPEATABLE READ)
LONGEST_PAUSE = 0.25  # seconds

# PostgreSQL: serialization failure, deadlock, lock timeout. MariaDB and MySQL: deadlock (also of Galera's
# certification), lock timeout, "record has changed since last read" (innodb_snapshot_isolation), "failed to read
# auto-increment value" (one of the first two about the next key, beside an INSERT … SELECT), a Galera node that is not
# ready (it takes nothing at all until the others agree on who is left, about six seconds). SQLite: busy, locked.
SQLSTATES = frozenset({"40001", "40P01", "55P03"})
MYSQL_CODES = frozenset({1213, 1205, 1020, 1467, 1047})
SQLITE_CODES = frozenset({5, 6})

# Stopped by a limit of the server or by an administrator: PostgreSQL's `statement_timeout` and
# `pg_cancel_backend()`; MariaDB's `max_statement_time`, MySQL's `max_execution_time`, KILL QUERY; SQLite's interrupt.
STOPPED_SQLSTATES = frozenset({"57014"})
STOPPED_MYSQL_CODES = frozenset({1969, 3024, 1317})
STOPPED_SQLITE_CODES = frozenset({9})

# What a lost connection is raised as, by driver and moment.
DRIVERS_ERRORS = (OperationalError, InterfaceError)


class OurAtomic(transaction.Atomic):
    """A transaction of ours, told from one of the host project; it says what a lost connection means for it.

    `decides`: it is committed as `SYNCHRONOUS_COMMIT` says.
    """

    def __init__(self, using: str, *, savepoint: bool, decides: bool) -> None:
        super().__init__(using, savepoint, durable=False)
        self.decides = decides

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection = transaction.get_connection(self.using)
        commits = kind is None and not connection.needs_rollback and not connection.savepoint_ids
        try:
            super().__exit__(kind, error, trace)
        except DRIVERS_ERRORS as lost:
            _tell(lost, OutcomeUnknown if commits else TryAgain)
            raise
        if error is not None:
            _tell(error, TryAgain)


def atomically(action: Callable[P, T]) -> Callable[P, T]:
    """Make `action`, which decides something, one transaction on the database that sessions are written to.

    It may run more than once: it must change nothing but rows before it returns, and leave what is to happen afterwards
    to `on_commit()`.
    """

    @wraps(action)
    def inside(*args: P.args, **kwargs: P.kwargs) -> T:
        return in_transaction(partial(action, *args, **kwargs), decides=True)

    return inside


def in_transaction(work: Callable[[], T], *, using: str | None = None, decides: bool = False) -> T:
    """Run `work` in a transaction on the database `using` (an alias; that of the sessions if it is left out).

    `decides`: it is to be committed as `SYNCHRONOUS_COMMIT` says. Raises `TryAgain` where the database refused it for
    `RETRIED_FOR`, or refused it once inside a transaction of the host, or cannot be reached: nothing was changed then.
    Raises `OutcomeUnknown` where the connection was lost at the commit.
    """
    connection = connections[using or _database()]
    ours = [block for block in connection.atomic_blocks if isinstance(block, OurAtomic)]
    if not ours:
        return retried(partial(_in_transaction, work, connection, decides), using=connection.alias)
    with OurAtomic(connection.alias, savepoint=False, decides=decides):
        if decides and not any(block.decides for block in ours):
            _commit_synchronously(connection)
        return work()


def once(work: Callable[[], T], *, using: str | None = None) -> T:
    """Run `work`, which cannot be repeated (a view, say), as one transaction that decides something.

    Raises `TryAgain` where the database refused it, and nothing was changed then, otherwise as `in_transaction()` does.
    """
    connection = connections[using or _database()]
    _connect(connection)
    try:
        return _in_transaction(work, connection, decides=True)
    except DRIVERS_ERRORS as error:
        if not isinstance(error, TryAgain) and (is_passing(error) or is_stopped(error)):
            raise TryAgain from error
        raise


def decided(work: Callable[[], T], *, using: str | None = None) -> T:
    """Run `work`, a single statement, as `retried()` does, and commit it like a decision."""
    return (
        in_transaction(work, using=using, decides=True)
        if conf.synchronous_commit
        else retried(work, using=using)
    )


def retried(work: Callable[[], T], *, using: str | None = None) -> T:
    """Run `work`, a single statement or a whole transaction, again until the database takes it.

    Raises as `in_transaction()` does, because a single statement is its own commit.
    """
    connection = connections[using or _database()]
    _connect(connection)
    if connection.in_atomic_block and (now := context.current()) is not None:
        now.took_part = True
    deadline = time.monotonic() + RETRIED_FOR
    pause = 0.005
    while True:
        try:
            return work()
        except DRIVERS_ERRORS as error:
            if isinstance(error, TryAgain) or not (is_passing(error) or is_stopped(error)):
                _tell(error, TryAgain if connection.in_atomic_block else OutcomeUnknown)
                raise
            # What was stopped would wait as long the next time for the same lock.
            if connection.in_atomic_block or is_stopped(error) or time.monotonic() > deadline:
                raise TryAgain from error
        time.sleep(random.uniform(pause / 2, pause))  # noqa: S311  not a secret
        pause = min(pause * 2, LONGEST_PAUSE)


def follow(steps: Iterable[Callable[[], object]], *, using: str) -> None:
    """Do what follows from a row that was just saved in the database `using`, one step after the other.

    For a receiver of `post_save`. In a transaction the first step that is refused takes the row back with it:
    `TryAgain`. Without one the row stays saved, so every step is tried, and `DoneInPart` says that one was refused, or
    `SessionEnded` that the session which asks has ended.
    """
    refused: TryAgain | OutcomeUnknown | SessionEnded | None = None
    for step in steps:
        try:
            step()
        except (TryAgain, OutcomeUnknown, SessionEnded) as error:
            if connections[using].in_atomic_block:
                raise
            refused = refused or error
    if isinstance(refused, SessionEnded):
        raise refused
    if refused is not None:
        raise DoneInPart from refused


def after_commit(work: Callable[[], object], *, using: str) -> None:
    """Run `work`, which calls the host project or reaches for other machines, once the transaction is committed.

    It runs at once where there is no transaction. What it raises is logged, and neither fails what was done nor stops
    what else follows.
    """
    transaction.on_commit(_Named(work), using=using, robust=True)


class _Named:
    """A callable with the name that Django logs for what has failed; a `partial` has none."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self.__qualname__ = getattr(getattr(work, "func", work), "__qualname__", type(work).__name__)

    def __call__(self) -> None:
        self._work()


def noted(work: Callable[[], object], *, using: str) -> None:
    """Run a statement that only notes something, or leave it: where the database is busy or away nobody waits for it,
    nothing fails, and a transaction of the host goes on as if it had not been tried. Raises `TryAgain` where the
    database has taken back the whole of that (MariaDB, after a deadlock): there is nothing to go on with."""
    connection = connections[using]
    try:
        if connection.in_atomic_block:
            with transaction.atomic(using=using):
                work()
        else:
            work()
    except DRIVERS_ERRORS as error:
        if is_passing(error) or is_stopped(error):
            if connection.needs_rollback:
                raise TryAgain from error
            return
        if connection.in_atomic_block or not is_connection_lost(error):
            raise


def is_passing(error: BaseException) -> bool:
    """Return whether the database may take the same transaction the next time."""
    return isinstance(error, TryAgain) or _has_code(error, SQLSTATES, MYSQL_CODES, SQLITE_CODES)


def is_stopped(error: BaseException) -> bool:
    """Return whether the statement took too long, or somebody stopped it; nothing of it was done."""
    return _has_code(error, STOPPED_SQLSTATES, STOPPED_MYSQL_CODES, STOPPED_SQLITE_CODES)


def _has_code(
    error: BaseException, sqlstates: frozenset[str], mysql: frozenset[int], sqlite: frozenset[int]
) -> bool:
    state, number, code = codes_of(error)
    if state in sqlstates:
        return True
    if code is not None:
        return code & 0xFF in sqlite  # the rest of it says more about the same error
    return number in mysql


def _tell(error: BaseException, meaning: type[TryAgain | OutcomeUnknown]) -> None:
    """Raise what a lost connection means to whoever asked.

    Returns where `error` is of another kind, or says it already.
    """
    if not isinstance(error, TryAgain | OutcomeUnknown) and is_connection_lost(error):
        raise meaning from error


def _connect(connection: BaseDatabaseWrapper) -> None:
    """Connect, and raise `TryAgain` where the database cannot be reached: nothing has begun yet."""
    try:
        connection.ensure_connection()
    except DRIVERS_ERRORS as error:
        raise TryAgain from error


def _in_transaction(work: Callable[[], T], connection: BaseDatabaseWrapper, decides: bool) -> T:
    outermost = not connection.in_atomic_block
    if outermost and connection.vendor == "mysql":
        connection.ensure_connection()  # it knows its level from then on
        if connection.isolation_level != "read committed":  # type: ignore[attr-defined]
            _execute(connection, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED")  # of the next one only
    with OurAtomic(connection.alias, savepoint=True, decides=decides):
        if outermost and connection.vendor == "postgresql" and not _reads_committed(connection):
            _execute(connection, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        if decides:
            _commit_synchronously(connection)
        if outermost and connection.vendor == "sqlite":
            _become_the_writer(connection)
        return work()


_isolation: dict[str, str] = {}


def _reads_committed(connection: BaseDatabaseWrapper) -> bool:
    """Return whether READ COMMITTED is the default of this database, role or connection; asked once a process."""
    if connection.alias not in _isolation:
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            _isolation[connection.alias] = cursor.fetchone()[0]
    return _isolation[connection.alias] == "read committed"


def _commit_synchronously(connection: BaseDatabaseWrapper) -> None:
    """Set `SYNCHRONOUS_COMMIT` until the end of the whole transaction, also where ours is a savepoint in it."""
    if connection.vendor == "postgresql" and (level := conf.synchronous_commit):
        _execute(connection, f"SET LOCAL synchronous_commit TO {level}")  # one of a few words


def _become_the_writer(connection: BaseDatabaseWrapper) -> None:
    """Take SQLite's write lock at once, by a first statement that writes nothing.

    SQLite as Django configures it takes the lock at the first write; if somebody else has written since the first read
    it never gets it ("database is locked", without waiting).
    """
    if connection.transaction_mode in (None, "DEFERRED"):  # type: ignore[attr-defined]
        table = apps.get_model("sessions_ui", "AccountState")._meta.db_table
        _execute(connection, f"DELETE FROM {connection.ops.quote_name(table)} WHERE 0")  # noqa: S608  no input


def _execute(connection: BaseDatabaseWrapper, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _database() -> str:
    return router.db_for_write(apps.get_model("sessions_ui", "Session"))
