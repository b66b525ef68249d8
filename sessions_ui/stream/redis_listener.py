"""Listening to what other processes publish (`pubsub.py`), through Redis and without a thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

from sessions_ui.services import pubsub

logger = logging.getLogger(__name__)

RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0)


async def listen(url: str, heard: Callable[[pubsub.Users], None]) -> None:
    """Listen until cancelled. What was published while Redis was down is lost, and found by the watcher within a
    second."""
    failures = 0
    while True:
        try:
            async for message in _messages(url):
                failures = 0
                heard(pubsub.read(message))
        except Exception as error:  # as in pubsub.py
            if failures == 0:
                logger.warning("Redis cannot be reached (%s): asking once a second.", type(error).__name__)
        await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
        failures += 1


async def _messages(url: str) -> AsyncIterator[bytes]:
    from redis.asyncio import Redis

    # Nothing to read is no failure here; a peer that vanished silently is noticed by the ping.
    redis = Redis.from_url(url, socket_timeout=None, health_check_interval=15)
    async with redis, redis.pubsub(ignore_subscribe_messages=True) as subscription:
        await subscription.subscribe(pubsub.CHANNEL)
        while True:
            message = await subscription.get_message(timeout=15)
            if message is not None:
                yield message["data"]
