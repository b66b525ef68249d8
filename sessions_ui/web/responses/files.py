"""Answer with a file that is made while it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from itertools import islice
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

PIECES = 500  # that are sent together


def download(
    request: HttpRequest, pieces: Iterator[str], *, name: str, content_type: str
) -> StreamingHttpResponse:
    """Return `pieces` of text as the file `name`, in constant memory under WSGI and ASGI. It is not to be kept by a
    browser."""
    chunks = _chunks(pieces)
    body: Any = in_threads(chunks) if isinstance(request, ASGIRequest) else chunks
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store, private",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingHttpResponse(body, content_type=content_type, headers=headers)


def _chunks(pieces: Iterator[str]) -> Iterator[str]:
    while chunk := "".join(islice(pieces, PIECES)):
        yield chunk


async def in_threads(parts: Iterator[str]) -> AsyncIterator[str]:
    """Yield the parts, each read in the thread of the request, where its connection to the database is. Under ASGI
    Django would read an ordinary iterator to its end first."""
    following = sync_to_async(partial(next, parts, None))
    while (part := await following()) is not None:
        yield part
