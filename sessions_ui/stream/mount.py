"""Puts the stream beside a Django application. Imports nothing that needs the apps to be ready: asgi.py comes first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sessions_ui.conf import conf

Application = Callable[[Any, Any, Any], Awaitable[None]]

DEFAULT_PATH = "/account/devices/stream"

_mounted_at = ""


def with_stream(application: Application, *, path: str = DEFAULT_PATH) -> Application:
    """`application` with the stream beside it: `application = with_stream(get_asgi_application())`.

    `path` is absolute, as the browser asks for it. The pages that this process renders then name it by themselves. What
    they ask about themselves is answered here, too, without a thread for each of the host's middlewares.
    """
    global _mounted_at
    _mounted_at = path
    from sessions_ui.stream.alive import alive, is_alive_path
    from sessions_ui.stream.endpoint import stream

    async def beside(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == path:
            await stream(scope, receive, send)
        elif scope["type"] == "http" and is_alive_path(scope["path"]):
            await alive(scope, receive, send)
        else:
            await application(scope, receive, send)

    return beside


def stream_url() -> str:
    """Where this process's pages find the stream; empty where there is none."""
    return conf.stream_url or _mounted_at
