"""The stream of an open browser, as a bare ASGI application (text/event-stream).

Django gives each request an executor thread of its own, and the thread keeps its database connection: 80 open streams
are 82 threads and 81 connections (seen). Here the session is looked up once, in a thread that many share, and then
nothing is held but the socket. docs/live.md says what it tells, to whom, and what a proxy in front must know.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, MutableMapping
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.db import Error

from sessions_ui.conf import conf
from sessions_ui.stream import database
from sessions_ui.stream.watcher import CLOSING, ENDED, watched, watcher

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# Proxies close connections that are silent: nginx after 60 s, others after 30. Also how a vanished client is noticed.
HEARTBEAT_SECONDS = 20.0
# Not all browsers come back in the same moment after a restart.
RETRY_SECONDS = (1.0, 3.0)
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would collect what it should pass on
    (b"x-content-type-options", b"nosniff"),
]


async def stream(scope: Message, receive: Receive, send: Send) -> None:
    """Answer 200 and events to whoever is signed in.

    204 to anybody else, after which a browser does not ask again; 403 to another site, 409 with a key that was just
    replaced, 429 with too many streams, 503 without a database.
    """
    request = ASGIRequest(scope, BytesIO())
    if status := refused(request):
        return await answer(send, status)
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return await answer(send, 204)
    loop = asyncio.get_running_loop()
    try:
        who = await loop.run_in_executor(database.entering, database.giving_back, database.enter, key)
    except Error:
        return await answer(send, 503)
    if who.session_id is None:
        return await answer(send, 409 if who.late else 204)
    if watcher().count(who.user_id) >= conf.streams_per_user:
        return await answer(send, 429)
    await _Stream(receive, send).serve(who)
    return None


def refused(request: ASGIRequest) -> int:
    """Return a status for a request that does not come from one of our own pages, else 0. A browser sends
    `Sec-Fetch-Site` with every request, and `Origin` across origins; a page elsewhere could not read the answer, but it
    could hold the stream."""
    if request.method != "GET":
        return 405
    try:
        own = f"{request.scheme}://{request.get_host()}"
    except DisallowedHost:
        return 400
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return 403
    return 0 if request.headers.get("Origin", own) == own else 403


async def answer(send: Send, status: int) -> None:
    """Send a status and nothing more."""
    headers = [(b"cache-control", b"no-store"), *([(b"allow", b"GET")] if status == 405 else [])]
    if status != 204:
        headers.append((b"content-length", b"0"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


class _Stream:
    """One open stream. All sending is done by its own coroutine; whoever has something to tell leaves it here."""

    __slots__ = ("_receive", "_send", "_something", "_untold")

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._untold: list[str] = []
        self._something: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def tell(self, what: str) -> None:
        """Leave something to be told. A client that reads slowly is told once of what happened twice."""
        if what not in self._untold:
            self._untold.append(what)
        if not self._something.done():
            self._something.set_result(None)

    async def serve(self, who: database.Entrance) -> None:
        assert who.session_id is not None
        gone = asyncio.create_task(self._until_disconnected())
        try:
            with watched(who.session_id, who.user_id, self.tell):
                await self._send({"type": "http.response.start", "status": 200, "headers": HEADERS})
                await self._write(f"retry: {random.uniform(*RETRY_SECONDS) * 1000:.0f}\n\n")  # noqa: S311 - no secret
                await self._pass_on(gone)
        except OSError:  # how a server may say that the client has hung up (ASGI 2.4)
            pass
        except (
            asyncio.CancelledError
        ):  # the server stops, and its grace is over: no error, and nothing to trace
            await self._write("", more=False)
        finally:
            gone.cancel()

    async def _pass_on(self, gone: asyncio.Task[None]) -> None:
        heartbeat = HEARTBEAT_SECONDS * random.uniform(0.7, 1)  # noqa: S311 - so that they do not beat in step
        while not gone.done():
            await asyncio.wait(
                (gone, self._something), timeout=heartbeat, return_when=asyncio.FIRST_COMPLETED
            )
            if gone.done():
                return
            if not self._something.done():
                await self._write(": still here\n\n")
                continue
            self._something = asyncio.get_running_loop().create_future()
            untold, self._untold = self._untold, []
            text = "".join(f"event: {what}\ndata:\n\n" for what in untold if what != CLOSING)
            is_last = ENDED in untold or CLOSING in untold
            await self._write(text, more=not is_last)
            if is_last:
                return

    async def _write(self, text: str, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": text.encode(), "more_body": more})

    async def _until_disconnected(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
