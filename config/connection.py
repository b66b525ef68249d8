"""A connection that gives up on a server which says nothing: one whose processes are stopped, or whose disk hangs.

Neither PostgreSQL's own timeouts help there, because nobody is at work who could look at the clock, nor TCP's: the
kernel of that machine goes on acknowledging.
"""

from __future__ import annotations

from time import monotonic
from typing import Any, ClassVar

import psycopg
from psycopg.abc import PQGen

GRACE_SECONDS = 2.0  # longer than the server itself lets a statement run
INTERVAL = 0.1  # between two looks at the clock; as psycopg has it
CHECK_SECONDS = 2.0  # for a connection of the pool to show that it lives


class ServerIsSilent(psycopg.OperationalError):
    """No answer came for so long that none is expected any more. The connection is closed."""


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that waits for a bounded time. In a pool, one that turns out to be dead takes with it those that
    were made before, because what it died of is what a server does to all. Else each would be tried by somebody, who
    waits a second and more for the next one."""

    longest: ClassVar[float | None] = None  # seconds
    drained_at: ClassVar[float] = 0.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._made_at = monotonic()
        self._is_checked = False

    def execute(self, *args: Any, **kwargs: Any) -> psycopg.Cursor[Any]:
        """Execute what the pool asks a connection before it gives it away; Django's statements come through cursors."""
        self._is_checked = True
        try:
            return super().execute(*args, **kwargs)
        except psycopg.OperationalError:
            self._take_others_along()
            raise
        finally:
            self._is_checked = False

    def wait(self, gen: PQGen[Any], interval: float = INTERVAL, timeout: float | None = None) -> Any:
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        longest = CHECK_SECONDS if self._is_checked else self.longest
        try:
            return super().wait(gen, interval, longest)
        except psycopg.errors._WaitTimeout:
            self.close()
            raise ServerIsSilent(f"the server has not answered for {longest:g} s") from None

    def _take_others_along(self) -> None:
        pool = getattr(self, "_pool", None)
        if pool is not None and self._made_at > self.drained_at:
            type(self).drained_at = monotonic()
            pool.drain()


def bounded_connection(statement_seconds: float) -> type[BoundedConnection]:
    """Return the class for a server that lets a statement run for so many seconds; 0 is for ever."""
    longest = statement_seconds + GRACE_SECONDS if statement_seconds else None
    return type("BoundedConnection", (BoundedConnection,), {"longest": longest})
