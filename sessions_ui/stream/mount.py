"""Mounting the stream beside a Django application. Imports nothing that needs the apps to be ready, because asgi.py
comes first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.urls import get_script_prefix

from sessions_ui.conf import conf

Application = Callable[[Any, Any, Any], Awaitable[None]]

DEFAULT_PATH = "/account/devices/stream"

_mounted_at = ""


def with_stream(application: Application, *, path: str = DEFAULT_PATH) -> Application:
    """Return `application` with the stream beside it: `application = with_stream(get_asgi_application())`.

    `path` begins at the root of the site, as in a URLconf: where the whole site lies below another path (the server's
    `root_path`, FORCE_SCRIPT_NAME), so does the stream. The pages that this process renders then name it by themselves.
    What they ask about themselves is answered here, too, without a thread for each of the host's middlewares.
    """
    global _mounted_at
    _mounted_at = path
    from sessions_ui.stream.alive import alive, is_alive_path
    from sessions_ui.stream.app import stream

    async def beside(scope: Any, receive: Any, send: Any) -> None:
        asked = path_of(scope) if scope["type"] == "http" else ""
        if asked == path:
            await stream(scope, receive, send)
        elif asked and is_alive_path(asked):
            await alive(scope, receive, send)
        else:
            await application(scope, receive, send)

    return beside


def path_of(scope: Any) -> str:
    """Return the path within the site, by the rule of Django's `ASGIRequest`."""
    prefix: str = settings.FORCE_SCRIPT_NAME or scope.get("root_path", "")
    path: str = scope["path"]
    return path.removeprefix(prefix)


def is_mounted() -> bool:
    """Return whether this process has imported an asgi.py with `with_stream()`."""
    return bool(_mounted_at)


def stream_url() -> str:
    """Return where this process's pages find the stream; empty where there is none."""
    if conf.stream_url or not _mounted_at:
        return conf.stream_url
    return get_script_prefix().rstrip("/") + _mounted_at
