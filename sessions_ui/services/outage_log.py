"""Log once, in full, that the database or the broker is away, and then how often it mattered.

A filter, for the handlers of LOGGING: `"filters": {"quiet": {"()": "sessions_ui.QuietOutages"}}`. Everything that has
nothing to do with an outage passes.
"""

from __future__ import annotations

import logging
import os
import threading

from sessions_ui.database.outages import is_outage

logger = logging.getLogger(__name__)

SECONDS = 30.0
POOL = "psycopg.pool"  # says of each try that it failed, and each connection that it was cut
BEAT = "celery.beat"  # says of each task that it could not be handed to the broker, twelve kilobytes each


class QuietOutages(logging.Filter):
    """Let the first record of each kind (what failed, and who says so) pass as it is, and count those after it.

    The count is written every `seconds`; after as many without one the next is the first again.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        super().__init__()
        self._seconds = seconds
        self._begin()
        os.register_at_fork(after_in_child=self._begin)  # the timers do not live on there

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind = _outage_in(record)
        if not kind:
            return True
        with self._lock:
            if kind in self._counts:
                self._counts[kind] += 1
                return False
            self._counts[kind] = 0
            self._start_timer(kind)
        return True

    def _start_timer(self, kind: str) -> None:
        timer = threading.Timer(self._seconds, self._sum_up, [kind])
        timer.daemon = True
        timer.start()

    def _sum_up(self, kind: str) -> None:
        with self._lock:
            count = self._counts.pop(kind, 0)
            if count:
                self._counts[kind] = 0
                self._start_timer(kind)
        if count:
            logger.warning("%d more within %g s: %s", count, self._seconds, kind)


def _outage_in(record: logging.LogRecord) -> str:
    """Return which kind of outage the record tells of; empty where it tells of something else."""
    if record.name == POOL and record.levelno >= logging.WARNING:
        return POOL
    error = record.exc_info[1] if record.exc_info else None
    if record.name == BEAT and error is not None:
        return f"{BEAT}, {type(error).__name__}"
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        if is_outage(error):
            return f"{record.name}, {type(error.__cause__ or error).__name__}"
        seen.append(error)
        error = error.__cause__ or error.__context__
    return ""
