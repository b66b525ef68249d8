"""A limit for requests at a time to as many as this process can serve: whoever comes beyond it is told so at once.

Each request that a synchronous view answers has a thread. When the database is slow or away they wait there, and
without a bound a process has hundreds of them. A server's own limit counts open streams, too (docs/production.md).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.utils import translation

Application = Callable[[Any, Any, Any], Awaitable[None]]


def limited(application: Application, *, most: int, always: frozenset[str]) -> Application:
    """Return `application` limited to `most` requests at a time; 503 for others, except for the paths in `always`."""
    at_work = 0

    async def counted(scope: Any, receive: Any, send: Any) -> None:
        nonlocal at_work
        if scope["type"] != "http" or scope["path"] in always:
            await application(scope, receive, send)
        elif at_work >= most:
            await refuse(scope, send)
        else:
            at_work += 1
            try:
                await application(scope, receive, send)
            finally:
                at_work -= 1

    return counted


async def refuse(scope: Any, send: Any) -> None:
    """Send the page that an outage shows, in the language of the browser. It needs no thread."""
    from sessions_ui.web import busy

    request = ASGIRequest(scope, BytesIO())
    with translation.override(translation.get_language_from_request(request)):
        response = busy(request)
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.items()]
    headers.append((b"content-length", str(len(response.content)).encode()))
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
