"""The cache of the host project, whatever it is and whatever it raises: it saves work, and nothing needs it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

from sessions_ui.services.circuit_breaker import CircuitBreaker

T = TypeVar("T")

CACHE = CircuitBreaker(
    logging.getLogger(__name__),
    "The cache",
    meanwhile="what it would keep is counted each time, and forms for everybody are not limited",
    pause=30,
)


def try_cache(work: Callable[[], T]) -> T | None:
    """Return what `work` returns, None where the cache cannot be reached."""
    if not CACHE.may_try():
        return None
    try:
        answer = work()
    except Exception as error:  # every backend has exceptions of its own
        CACHE.failed(error)
        return None
    CACHE.worked()
    return answer


def within_limit(what: str, who: str, *, most: int, seconds: int) -> bool:
    """Return whether `who` has done `what` less than `most` times since the first of `seconds` ago, and count it.

    As many in a row as somebody likes where there is no cache: it may only limit what is safe without.
    """
    # Some caches take no blank and no colon in a key.
    key = f"sessions_ui.pace.{what}.{hashlib.sha256(who.encode()).hexdigest()[:32]}"

    def count() -> int:
        if cache.add(key, 1, seconds):
            return 1
        try:
            return int(cache.incr(key))
        except ValueError:  # its time was over in between
            return 1

    return (try_cache(count) or 1) <= most
