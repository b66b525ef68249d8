"""Tell the streams of open tabs to look now. Only a hint: each process asks the database once a second anyway.

The streams of this process are woken by a call, those of other processes by Redis, where `REDIS_URL` names one. Sites
that share a Redis wake each other, which costs a query and tells nothing: a message names nobody but the primary keys
of users, and what happened to them is asked of the database.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any

from sessions_ui.conf import conf
from sessions_ui.services.circuit_breaker import CircuitBreaker

logger = logging.getLogger(__name__)

CHANNEL = "sessions_ui:wake"
# A commit is followed by one message; it must not wait for a Redis that is down.
TIMEOUT_SECONDS = 0.25
# When Redis did not answer, no request waits for it again for so many seconds.
REDIS = CircuitBreaker(
    logger, "Redis, for open tabs,", meanwhile="those of other processes hear of it within a second", pause=10
)

# The primary keys of the users as text, None for everybody.
Users = frozenset[str] | None
Listener = Callable[[Users], None]

_listeners: set[Listener] = set()


def wake(user_ids: Collection[Any] | None) -> None:
    """Tell the streams that something happened to the sessions or devices of these users.

    `user_ids` are primary keys; None means too many to name. Call it after commit. It never raises, and never waits
    long.
    """
    users = None if user_ids is None else frozenset(map(str, user_ids))
    for listener in tuple(_listeners):
        listener(users)
    if conf.redis_url:
        _publish(conf.redis_url, users)


def listen(listener: Listener) -> None:
    """Call `listener` at every wake, in whatever thread commits; it must neither block nor raise."""
    _listeners.add(listener)


def forget(listener: Listener) -> None:
    _listeners.discard(listener)


def read(message: bytes) -> Users:
    """Return the users in a message that `_publish()` wrote; everybody where it cannot be read."""
    try:
        users = json.loads(message)
        return None if users is None else frozenset(map(str, users))
    except (ValueError, TypeError):
        return None


def _publish(url: str, users: Users) -> None:
    if not REDIS.may_try():
        return
    try:
        _client(url).publish(CHANNEL, json.dumps(None if users is None else sorted(users)))
    except Exception as error:  # not RedisError alone: a wrong URL, a missing package, a resolver that fails
        REDIS.failed(error)
    else:
        REDIS.worked()


@lru_cache(maxsize=4)
def _client(url: str) -> Any:
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return Redis.from_url(
        url,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        # Once, at once: a connection that a restart of Redis has cut is only noticed by using it.
        retry=Retry(NoBackoff(), 1),
    )
