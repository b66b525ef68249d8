"""The site's cache: Redis, and a table of the database while Redis is away.

allauth counts its rate limits in the cache, and every sign-in asks them. Django's `RedisCache` raises where Redis does
not answer, and waits without end where it is silent; here it has half a second, and then the table is asked instead.
What one side has counted the other does not know: with an outage, and with its end, the limits count from zero.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.redis import RedisCache
from redis import ConnectionError as RedisConnectionError
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from sessions_ui import CircuitBreaker

TIMEOUT_SECONDS = 0.5

REDIS = CircuitBreaker(
    logging.getLogger(__name__),
    "Redis, the cache,",
    meanwhile="rate limits count in the database",
    pause=10,
)


def or_in_rows(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that asks `RedisCache`, or the other cache where Redis does not answer."""

    @wraps(method)
    def either(self: RedisOrRows, *args: Any, **kwargs: Any) -> Any:
        if REDIS.may_try():
            try:
                answer = method(self, *args, **kwargs)
            except (RedisError, OSError) as error:
                REDIS.failed(error)
            else:
                if REDIS.worked():
                    self.rows.clear()
                return answer
        return getattr(self.rows, method.__name__)(*args, **kwargs)

    return either


class RedisOrRows(RedisCache):
    """The cache in Redis, with another cache that steps in. `OPTIONS`: those of `RedisCache`, and `ROWS`, the alias of
    the other cache."""

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params)
        options = dict(params.get("OPTIONS", {}))
        self._rows_alias: str = options.pop("ROWS")
        self._options = {
            "socket_connect_timeout": TIMEOUT_SECONDS,
            "socket_timeout": TIMEOUT_SECONDS,
            # One retry, at once: that a restart has cut a connection is only noticed by using it. A silent Redis gets
            # none.
            "retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
            **options,
        }

    @property
    def rows(self) -> BaseCache:
        return caches[self._rows_alias]

    add = or_in_rows(RedisCache.add)
    get = or_in_rows(RedisCache.get)
    set = or_in_rows(RedisCache.set)
    touch = or_in_rows(RedisCache.touch)
    delete = or_in_rows(RedisCache.delete)
    get_many = or_in_rows(RedisCache.get_many)
    has_key = or_in_rows(RedisCache.has_key)
    incr = or_in_rows(RedisCache.incr)
    set_many = or_in_rows(RedisCache.set_many)
    delete_many = or_in_rows(RedisCache.delete_many)
    clear = or_in_rows(RedisCache.clear)
