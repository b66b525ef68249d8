"""The question of an open page whether its person is still signed in, answered beside Django.

Under ASGI one of Django's middlewares takes a thread before the view and one after it. Those of the site cost three
times as much as the answer, and none of them has anything to do for it: `web/presence/alive.py` needs the cookie and
nothing else.
"""

from __future__ import annotations

import asyncio
import json
from functools import lru_cache
from io import BytesIO

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.core.handlers.asgi import ASGIRequest
from django.db import Error, close_old_connections
from django.urls import NoReverseMatch, get_script_prefix, reverse

from sessions_ui.stream import database
from sessions_ui.stream.app import Message, Receive, Send, answer, refused
from sessions_ui.web.presence.alive import state_of

HEADERS = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store, private"),
    (b"x-content-type-options", b"nosniff"),
]


def is_alive_path(path: str) -> bool:
    """Return whether `path`, within the site, is that of the view `alive`. Other paths need no URLconf: an error there
    is Django's to show."""
    return path.endswith("/alive") and path == _alive_path(settings.ROOT_URLCONF)


@lru_cache(maxsize=8)
def _alive_path(urlconf: str) -> str:
    """Return the path of the view `alive`; empty where a host has not included the pages."""
    try:
        found = reverse("sessions_ui:alive", urlconf=urlconf)
    except NoReverseMatch:
        return ""
    return "/" + found.removeprefix(get_script_prefix()).lstrip("/")


async def alive(scope: Message, receive: Receive, send: Send) -> None:
    """Answer as the view does; 503 without a database."""
    request = ASGIRequest(scope, BytesIO())
    if status := refused(request):
        await answer(send, status)
        return
    try:
        mark = request.GET.get("page", "")
    except TooManyFieldsSent:  # as Django does where a view reads so many
        await answer(send, 400)
        return
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    loop = asyncio.get_running_loop()
    try:
        state = await loop.run_in_executor(database.entering, _ask, key, mark)
    except Error:
        await answer(send, 503)
        return
    body = json.dumps({"state": state}).encode()
    headers = [*HEADERS, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _ask(key: str | None, mark: str) -> str:
    """Ask the database as a request to Django would: the connection is kept as long as the host says (CONN_MAX_AGE), or
    given to its pool."""
    close_old_connections()
    try:
        return state_of(key, mark)
    finally:
        close_old_connections()
