"""Whether a request has a body that Django leaves unread."""

from __future__ import annotations

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest

TITLE = "The length of the body is missing. Send it as Content-Length."


def is_unread(request: HttpRequest) -> bool:
    """Return whether the body came without a number of its bytes (in chunks), where Django goes by that number and
    takes the body for empty: what says "at that moment" would be done at once.

    Under WSGI that is so whatever server it is, also one that says it has put the chunks together
    (`wsgi.input_terminated`). Under ASGI Django reads to the end.
    """
    length = request.META.get("CONTENT_LENGTH") or ""
    is_in_chunks = bool(request.META.get("HTTP_TRANSFER_ENCODING")) and not length
    is_no_number = bool(length) and not (length.isascii() and length.isdigit())
    return isinstance(request, WSGIRequest) and (is_in_chunks or is_no_number)
