"""Progress of a long command, a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable

EVERY = 2.0  # seconds between two lines


class Progress:
    """Calls `say(text)` with the progress, unless the last line was written a moment ago."""

    def __init__(self, write: Callable[[str], object], *, quiet: bool) -> None:
        self._write = write
        self._quiet = quiet
        self._next = time.monotonic() + EVERY

    def say(self, text: str) -> None:
        if not self._quiet and time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY
            self._write(text)
