"""Which events are news to an open stream."""

from __future__ import annotations

from collections import deque

from sessions_ui.stream.database import OVERLAP, Sight

OVERLAP_SECONDS = OVERLAP.total_seconds()


class Tail:
    """Reads the event log by number, with an overlap, and tells each event once.

    `id > last` alone would miss for ever what a transaction had numbered before and committed after the last look
    (docs/live.md). So each look reads again what was numbered in the last minute. The numbers
    tell the time, not the events' clocks: those of another machine may be wrong.
    """

    def __init__(self, floor: int) -> None:
        self.floor = floor  # events up to this number are not read any more
        self._newest: deque[tuple[float, int]] = deque()  # what was the newest, and when (monotonic seconds)
        self._told: dict[int, float] = {}

    def news(self, sight: Sight, now: float) -> tuple[set[str], set[str]]:
        """Return the users to whom something happened since the last look, and those to whom something happened within
        the overlap. The latter is for a stream that has just been opened, because its page may be a little older."""
        fresh = {pk: user for pk, user in sight.events if pk not in self._told}
        self._told.update(dict.fromkeys(fresh, now))
        self._forget_before(now - OVERLAP_SECONDS, sight.newest, now)
        return set(fresh.values()), {user for _, user in sight.events}

    def _forget_before(self, then: float, newest: int, now: float) -> None:
        if not self._newest or newest > self._newest[-1][1]:
            self._newest.append((now, newest))
        while self._newest and self._newest[0][0] <= then:
            self.floor = self._newest.popleft()[1]
        for pk in [pk for pk in self._told if pk <= self.floor]:
            del self._told[pk]
