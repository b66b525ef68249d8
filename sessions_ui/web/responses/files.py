"""Answer with a file that somebody saves: every download of the app, so that no browser or proxy keeps one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from sessions_ui.web.responses.headers import PRIVATE

CHUNK = 65_536  # characters that are sent together, or a little more


def as_file(content: bytes, *, name: str, content_type: str) -> HttpResponse:
    """Return `content` as the file `name` (plain ASCII)."""
    return HttpResponse(content, content_type=content_type, headers=_headers(name))


def download(
    request: HttpRequest, pieces: Iterator[str], *, name: str, content_type: str
) -> StreamingHttpResponse:
    """Return `pieces` of text as the file `name` (plain ASCII), which is made while it is sent: in constant memory
    under WSGI and ASGI."""
    chunks = _chunks(pieces)
    body: Any = _in_threads(chunks) if isinstance(request, ASGIRequest) else chunks
    return StreamingHttpResponse(body, content_type=content_type, headers=_headers(name))


def _headers(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": PRIVATE,
        "X-Content-Type-Options": "nosniff",
    }


def _chunks(pieces: Iterator[str]) -> Iterator[str]:
    """Yield the pieces joined: each chunk costs a way to the thread and back, and a piece may be one line."""
    chunk: list[str] = []
    length = 0
    for piece in pieces:
        chunk.append(piece)
        length += len(piece)
        if length >= CHUNK:
            yield "".join(chunk)
            chunk, length = [], 0
    if chunk:
        yield "".join(chunk)


async def _in_threads(parts: Iterator[str]) -> AsyncIterator[str]:
    """Yield the parts, each read in the thread of the request, where its connection to the database is. Under ASGI
    Django would read an ordinary iterator to its end first."""
    following = sync_to_async(partial(next, parts, None))
    while (part := await following()) is not None:
        yield part
