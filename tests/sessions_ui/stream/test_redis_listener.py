"""Redis wakes the streams of other processes. It is a hint: without it they hear within a second."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from redis import Redis as Client

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.services import pubsub
from sessions_ui.stream import redis_listener
from tests.models import EndReason
from tests.sessions_ui.stream.conftest import SECONDS

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
        deadline = time.monotonic() + SECONDS
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
        client = Client.from_url(self.url)
        deadline = time.monotonic() + SECONDS
        while not client.pubsub_numsub(pubsub.CHANNEL)[0][1]:
            assert time.monotonic() < deadline, "nobody subscribed"
            await asyncio.sleep(0.05)
        client.close()


@pytest.fixture
async def redis(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Redis]:
    if not shutil.which("redis-server"):
        pytest.skip("no redis-server here")
    server = Redis(tmp_path)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "REDIS_URL": server.url}
    monkeypatch.setattr(pubsub.REDIS, "pause", 3600)
    # As if the ending were another process's: its own streams are not called.
    monkeypatch.setattr(pubsub, "listen", lambda listener: None)
    yield server
    server.stop()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publishing is not given up because this machine is busy."""
    monkeypatch.setattr(pubsub, "TIMEOUT_SECONDS", SECONDS)


def end_everything(user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.PASSWORD_CHANGED)


async def test_what_redis_tells_is_heard_before_the_next_look(
    stream: Any, signed_in: Any, user: Any, redis: Redis, only_wakes: None, patient: None
) -> None:
    redis.start()
    opened = await stream(await signed_in(user))
    await opened.settle()
    await redis.has_listener()
    await sync_to_async(end_everything)(user)
    assert await opened.heard() == "ended"


async def test_while_it_is_down_they_hear_by_the_next_look(
    stream: Any, signed_in: Any, user: Any, redis: Redis
) -> None:
    opened = await stream(await signed_in(user))
    await opened.settle()
    await sync_to_async(end_everything)(user)
    assert await opened.heard() == "ended"


async def test_redis_may_come_back(
    stream: Any,
    signed_in: Any,
    user: Any,
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
    only_wakes: None,
    patient: None,
) -> None:
    monkeypatch.setattr(redis_listener, "RETRY_SECONDS", (0.1,))
    redis.start()
    opened = await stream(await signed_in(user))
    await redis.has_listener()
    redis.stop()
    redis.start()
    await redis.has_listener()
    await opened.settle()
    await sync_to_async(end_everything)(user)
    assert await opened.heard() == "ended"


def test_a_redis_that_does_not_answer_is_waited_for_once(redis: Redis, user: Any) -> None:
    """A socket that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", redis.port)) as silent:
        pubsub.wake([user.pk])
        assert asked(silent) == 2  # it tries again once, in case a restart had cut its connection
        pubsub.wake([user.pk])
        assert asked(silent) == 0


def asked(server: socket.socket) -> int:
    """How many have connected since this was asked last."""
    server.setblocking(False)
    number = 0
    with suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            number += 1
    return number


def test_what_cannot_be_read_wakes_everybody() -> None:
    assert pubsub.read(b"not json") is None
    assert pubsub.read(b"17") is None
    assert pubsub.read(b'["1", 2]') == {"1", "2"}
    assert pubsub.read(b"null") is None


def test_a_message_names_keys_of_users_and_nothing_else(
    user: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    sent: list[tuple[str, str]] = []

    class Client:
        def publish(self, channel: str, message: str) -> None:
            sent.append((channel, message))

    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "REDIS_URL": "redis://unused.example"}
    monkeypatch.setattr(pubsub, "_client", lambda url: Client())
    pubsub.wake([user.pk])
    pubsub.wake(None)
    assert sent == [(pubsub.CHANNEL, f'["{user.pk}"]'), (pubsub.CHANNEL, "null")]
