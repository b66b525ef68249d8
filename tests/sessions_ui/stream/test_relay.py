"""Redis wakes the streams of other processes. It is a hint: without it they hear within a second."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from sessions_ui import wake
from sessions_ui.actions.end import end_user_sessions
from sessions_ui.stream import relay, watcher
from tests.models import EndReason

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]


class Redis:
    """A server of its own, that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir"]
        self._process = subprocess.Popen([*command, str(self._folder)], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def has_listener(self) -> None:
        """Wait until a watcher has subscribed."""
        client = wake._client(self.url)
        for _ in range(200):
            if client.pubsub_numsub(wake.CHANNEL)[0][1]:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("nobody subscribed")


@pytest.fixture
async def redis(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Redis]:
    if not shutil.which("redis-server"):
        pytest.skip("no redis-server here")
    server = Redis(tmp_path)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "REDIS_URL": server.url}
    monkeypatch.setattr(wake, "_paused_until", 0.0)
    # As if the ending were another process's: its own streams are not called.
    monkeypatch.setattr(wake, "listen", lambda listener: None)
    yield server
    server.stop()


def end_everything(user: Any) -> float:
    """How long the request that ends them has to wait, in seconds."""
    began = time.monotonic()
    end_user_sessions(user=user, reason=EndReason.PASSWORD_CHANGED)
    return time.monotonic() - began


async def test_it_is_heard_before_the_next_look(
    stream: Any, signed_in: Any, user: Any, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis.start()
    opened = await stream(await signed_in(user))
    await opened.settle()
    await redis.has_listener()
    monkeypatch.setattr(watcher, "POLL_SECONDS", 30.0)
    await asyncio.sleep(1.2)  # the look that was due has passed, and the next one is far off
    await sync_to_async(end_everything)(user)
    ended_at = time.monotonic()
    assert await opened.heard() == "ended"
    assert time.monotonic() - ended_at < 1


async def test_while_it_is_down_they_hear_within_a_second_and_nobody_waits(
    stream: Any, signed_in: Any, user: Any, redis: Redis
) -> None:
    opened = await stream(await signed_in(user))
    await opened.settle()
    took = await sync_to_async(end_everything)(user)
    assert await opened.heard() == "ended"
    assert (
        took < 5
    )  # on a busy machine; a request that waited for Redis would take its timeouts, again and again


async def test_it_may_come_back(
    stream: Any, signed_in: Any, user: Any, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "RETRY_SECONDS", (0.1,))
    redis.start()
    opened = await stream(await signed_in(user))
    await redis.has_listener()
    redis.stop()
    await asyncio.sleep(0.5)
    redis.start()
    await redis.has_listener()
    await opened.settle()
    monkeypatch.setattr(watcher, "POLL_SECONDS", 30.0)
    await asyncio.sleep(1.2)
    await sync_to_async(end_everything)(user)
    assert await opened.heard() == "ended"


def test_a_redis_that_does_not_answer_is_waited_for_once(redis: Redis, user: Any) -> None:
    """A socket that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", redis.port)):
        began = time.monotonic()
        wake.wake([user.pk])
        first = time.monotonic() - began
        began = time.monotonic()
        wake.wake([user.pk])
        assert time.monotonic() - began < wake.TIMEOUT_SECONDS / 5
    assert first < 4 * wake.TIMEOUT_SECONDS


def test_what_cannot_be_read_wakes_everybody() -> None:
    assert wake.read(b"not json") is None
    assert wake.read(b"17") is None
    assert wake.read(b'["1", 2]') == {"1", "2"}
    assert wake.read(b"null") is None


def test_a_message_names_keys_of_users_and_nothing_else(
    user: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    sent: list[tuple[str, str]] = []

    class Client:
        def publish(self, channel: str, message: str) -> None:
            sent.append((channel, message))

    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "REDIS_URL": "redis://unused.example"}
    monkeypatch.setattr(wake, "_client", lambda url: Client())
    monkeypatch.setattr(wake, "_paused_until", 0.0)
    wake.wake([user.pk])
    wake.wake(None)
    assert sent == [(wake.CHANNEL, f'["{user.pk}"]'), (wake.CHANNEL, "null")]
