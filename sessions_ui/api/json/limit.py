"""How many requests a minute a token, or a sign-in, may make; each answer says how many are left.

Counting each request in a shared cache would cost more than most requests do (five statements where that is a table).
So a process takes a share of the minute's number at a time, and counts those by itself: never more than the limit is
answered, whatever the number of processes; a few fewer, where several of them hold a share that they do not use up.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja.throttling import BaseThrottle

from sessions_ui import context
from sessions_ui.api.json.problems import Problem
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
    def total(self) -> int:
        return self.own + self.shared


class Limit(BaseThrottle):
    """Counts a request once it is known who asks."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._window = 0
        self._left: dict[int, Left] = {}

    def forget(self) -> None:
        """Begin anew in this process."""
        with self._lock:
            self._window, self._left = 0, {}

    def allow_request(self, request: HttpRequest) -> bool:
        """Raise `Problem` (429) beyond the limit. Without a cache nobody is limited: whoever has to end sessions just
        then must be able to."""
        now = context.current()
        most = conf.api_rate_limit
        if most is None or now is None or now.session_id is None:
            return True
        left = self.count(now.session_id, most)
        request.sessions_ui_limit = left  # type: ignore[attr-defined]
        if left.own < 0:
            headers = {"Retry-After": str(left.resets)}
            raise Problem(429, "too-many-requests", "Too many requests. Try again later.", headers=headers)
        return True

    def count(self, client: int, most: int) -> Left:
        """Count a request of this client; return what is left. `own` is below zero where it is one too many."""
        at = time.time()
        window, resets = int(at // WINDOW), WINDOW - int(at % WINDOW)
        with self._lock:
            if window != self._window or len(self._left) >= MOST_KNOWN:
                self._window, self._left = window, {}
            left = self._left.get(client)
            if left is None or left.most != most:
                left = self._left[client] = Left(most, 0, most, resets)
            if left.own <= 0:
                self._take(client, left, window)
            left.own = max(left.own - 1, -1)
            return Left(most, left.own, left.shared, resets)

    def _take(self, client: int, left: Left, window: int) -> None:
        """Take a share of what all processes have together."""
        share = max(left.most // SHARES, 1)
        key = f"sessions_ui.api.{window}.{client}"

        def count() -> int:
            if cache.add(key, share, 2 * WINDOW):
                return share
            try:
                return int(cache.incr(key, share))
            except ValueError:  # its time was over in between
                return share

        taken = try_cache(count)
        if taken is None:
            left.own, left.shared = share, left.most - share
            return
        left.own = max(min(share, left.most - (taken - share)), 0)
        left.shared = max(left.most - taken, 0)


LIMIT = Limit()  # of this process


def with_limit(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return the answer with what is left (draft-ietf-httpapi-ratelimit-headers-10)."""
    left: Any = getattr(request, "sessions_ui_limit", None)
    if left is not None:
        response.headers["RateLimit-Policy"] = f'"default";q={left.most};w={WINDOW}'
        response.headers["RateLimit"] = f'"default";r={max(left.total, 0)};t={left.resets}'
    return response
