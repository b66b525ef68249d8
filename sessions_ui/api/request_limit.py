"""How many requests a minute a token, or a sign-in, may make, whichever of our APIs it asks.

Counting each request in a shared cache would cost more than most requests do (five statements where that is a table).
So a process takes a share of the minute's number at a time, and counts those by itself: never more than the limit is
answered, whatever the number of processes; a few fewer, where several of them hold a share that they do not use up.
That holds where the cache adds up by itself, as Redis and Memcached do. Django's cache in a table reads and writes, so
that processes which take at the same moment may take the same share.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from threading import Lock

from django.core.cache import cache

from sessions_ui.conf import conf
from sessions_ui.services.site_cache import try_cache

WINDOW = 60  # seconds
SHARES = 20  # the number of a minute is taken in so many parts
MOST_KNOWN = 10_000  # clients of one minute in one process


@dataclass(slots=True)
class Left:
    """What a client has left of this minute: `own` in this process, `shared` for all that ask for more. `most` is the
    limit, `resets` how many seconds the minute still has."""

    most: int
    own: int
    shared: int
    resets: int

    @property
    def is_exceeded(self) -> bool:
        """Whether the request that was counted is one too many."""
        return self.own < 0

    @property
    def total(self) -> int:
        return max(self.own, 0) + self.shared

    def less_one(self, resets: int) -> Left:
        """Count a request, and return what is left then."""
        self.own = max(self.own - 1, -1)
        return replace(self, resets=resets)


class RequestLimit:
    """Counts the requests of this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._window = 0
        self._left: dict[int, Left] = {}

    def forget(self) -> None:
        """Begin anew in this process."""
        with self._lock:
            self._window, self._left = 0, {}

    def count(self, session_id: int, most: int) -> Left:
        """Count a request of this token or sign-in, which may make `most` of them a minute; return what is left.

        Without a cache nobody is limited: whoever has to end sessions just then must be able to.
        """
        at = time.time()
        window, resets = int(at // WINDOW), WINDOW - int(at % WINDOW)
        with self._lock:
            left = self._known(session_id, most, window)
            if left.own > 0 or left.shared <= 0:  # all of the minute is taken: nobody is asked again
                return left.less_one(resets)
        # Not while all others wait: the cache may be a table, or far away.
        share = max(most // SHARES, 1)
        taken = _take(f"sessions_ui.api.{window}.{session_id}", share)
        with self._lock:
            left = self._known(session_id, most, window)
            left.own = max(left.own, 0) + max(min(share, most - (taken - share)), 0)
            left.shared = min(left.shared, max(most - taken, 0))
            return left.less_one(resets)

    def _known(self, session_id: int, most: int, window: int) -> Left:
        if window != self._window or len(self._left) >= MOST_KNOWN:
            self._window, self._left = window, {}
        left = self._left.get(session_id)
        if left is None or left.most != most:
            left = self._left[session_id] = Left(most, 0, most, WINDOW)
        return left


def _take(key: str, share: int) -> int:
    """Take a share of what all processes have together; return how much is taken by then. Without a cache each process
    begins anew with every share."""

    def count() -> int:
        if cache.add(key, share, 2 * WINDOW):
            return share
        try:
            return int(cache.incr(key, share))
        except ValueError:  # its time was over in between
            return share

    return try_cache(count) or share


LIMIT = RequestLimit()  # of this process


def count_request(session_id: int) -> Left | None:
    """Count a request of this token or sign-in; return what is left of `API_RATE_LIMIT`, None where that is None."""
    most = conf.api_rate_limit
    return None if most is None else LIMIT.count(session_id, most)
