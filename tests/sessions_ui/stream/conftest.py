"""A browser's stream, spoken to over bare ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.db import connections

from config.asgi import application
from sessions_ui.stream import database
from sessions_ui.stream import watcher as watcher_module
from sessions_ui.stream.watcher import watcher
from tests.conftest import Browser

PATH = "/account/devices/stream"
SECONDS = 60.0  # for what comes within one, on a machine that has other things to do


class Stream:
    """`status` is known once it is opened; `heard()` gives the name of the next event, "" for the end."""

    def __init__(self, key: str = "", *, method: str = "GET", headers: dict[str, str] | None = None) -> None:
        sent = {"host": "testserver", **(headers or {})}
        if key:
            sent["cookie"] = f"{settings.SESSION_COOKIE_NAME}={key}"
        self.headers: dict[str, str] = {}
        self.status = 0
        self._untold: list[str] = []
        self._client = ApplicationCommunicator(
            application,
            {
                "type": "http",
                "asgi": {"version": "3.0"},
                "http_version": "1.1",
                "method": method,
                "scheme": "http",
                "path": PATH,
                "raw_path": PATH.encode(),
                "query_string": b"",
                "root_path": "",
                "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
                "client": ("127.0.0.1", 12345),
                "server": ("testserver", 80),
            },
        )

    async def open(self) -> Stream:
        await self._client.send_input({"type": "http.request", "body": b"", "more_body": False})
        start = await self._client.receive_output(SECONDS)
        self.status = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        if self.status == 200:
            self.greeting = (await self._client.receive_output(SECONDS))["body"].decode()
        return self

    async def heard(self, seconds: float = SECONDS) -> str:
        while not self._untold:
            message = await self._client.receive_output(seconds)
            lines = message["body"].decode().splitlines()
            self._untold += [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
            if not message.get("more_body"):
                self._untold.append("")
        return self._untold.pop(0)

    async def is_silent(self, seconds: float) -> bool:
        """Whether nothing at all is sent in this time."""
        return not self._untold and await self._client.receive_nothing(seconds)

    async def settle(self) -> None:
        """Past the first look, which tells of the sign-in itself, once: a page could be older than that."""
        assert await self.heard() == "changed"

    async def is_over(self) -> None:
        """Past the server's last word: it holds nothing of this stream any more, and did not wait for the client."""
        await asyncio.wait_for(asyncio.shield(self._client.future), SECONDS)

    async def close(self) -> None:
        if not self._client.future.done():
            await self._client.send_input({"type": "http.disconnect"})
            await self._client.wait(SECONDS)


async def noted() -> None:
    """Past what is being written down about tabs that were told."""
    await asyncio.get_running_loop().run_in_executor(database.noting, lambda: None)


def key_of(browser: Browser) -> str:
    return str(browser.cookies[settings.SESSION_COOKIE_NAME].value)


@pytest.fixture
def only_wakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look that comes every second does not: what is heard was woken for. To be asked for before a stream opens,
    whose first look comes at once."""
    monkeypatch.setattr(watcher_module, "POLL_SECONDS", 3600.0)


@pytest.fixture
async def stream() -> AsyncIterator[Callable[..., Any]]:
    """`await stream(key)`: an open stream of the session with this key; closed after the test."""
    opened: list[Stream] = []

    async def make(key: str = "", **options: Any) -> Stream:
        opened.append(Stream(key, **options))
        return await opened[-1].open()

    yield make
    await asyncio.gather(*(each.close() for each in opened))
    task = watcher()._task
    if task is not None:
        await asyncio.wait_for(task, SECONDS)
    await noted()
    # The thread of `sync_to_async()` would keep its connection, and a database in use cannot be dropped.
    await sync_to_async(connections.close_all)()


@pytest.fixture
async def signed_in(transactional_db: None) -> Callable[..., Any]:
    """`await signed_in(user)`: the key of a new browser's session."""

    async def make(user: Any) -> str:
        browser = Browser()
        await sync_to_async(browser.sign_in)(user)
        return key_of(browser)

    return make
