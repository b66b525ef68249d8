"""Try a service that is away only now and then instead of once a request, and write a few lines to the log about it."""

from __future__ import annotations

import logging
import threading
import time

from django.core.exceptions import ImproperlyConfigured

REPORTED_EVERY = 600.0  # seconds: how often the log says that a service is still away


class CircuitBreaker:
    """What this process knows of a service that may be away: whether to try it, and what the log says of it.

    `may_try()` comes before each try, `failed()` or `worked()` after it; any thread may call them.
    """

    def __init__(
        self, logger: logging.Logger, service: str, *, meanwhile: str, pause: float, trace: bool = False
    ) -> None:
        """`service` begins a sentence of the log, and `meanwhile` says what happens without it. After a failed try
        nobody tries again for `pause` seconds. `trace`: the first failure is logged with its traceback, unless it is
        one of the settings."""
        self.pause = pause
        self._logger = logger
        self._service = service
        self._meanwhile = meanwhile
        self._trace = trace
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget all failures so far."""
        self._away_since: float | None = None
        self._next_try = self._next_report = 0.0
        self._failures = 0

    def may_try(self) -> bool:
        """Return whether to try the service now. While it is away, one caller in `pause` seconds is told to."""
        if self._away_since is None:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._next_try:
                return False
            self._next_try = now + self.pause
            return True

    def failed(self, error: BaseException) -> None:
        """Record that the service did not answer, or not in time.

        The first failure is logged, and then a count every ten minutes.
        """
        with self._lock:
            now = time.monotonic()
            self._next_try = now + self.pause
            self._failures += 1
            if self._away_since is None:
                self._away_since, self._next_report = now, now + REPORTED_EVERY
                name = type(error).__name__
                self._logger.warning(
                    "%s cannot be reached (%s): %s.",
                    self._service,
                    name,
                    self._meanwhile,
                    exc_info=error if self._trace and not isinstance(error, ImproperlyConfigured) else None,
                )
            elif now >= self._next_report:
                self._next_report = now + REPORTED_EVERY
                self._logger.warning(
                    "%s still cannot be reached, after %s.", self._service, self._so_far(now)
                )

    def worked(self) -> bool:
        """Record that the service answered; return whether it was away until now. The log says so then."""
        if self._away_since is None:
            return False
        with self._lock:
            if was_away := self._away_since is not None:
                so_far = self._so_far(time.monotonic())
                self.reset()
                self._logger.warning("%s can be reached again, after %s.", self._service, so_far)
            return was_away

    def _so_far(self, now: float) -> str:
        seconds = round(now - (self._away_since or now))
        return f"{seconds} s (failed tries: {self._failures})"
