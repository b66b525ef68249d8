"""JSON documents of a provider, over HTTPS: bounded in time and size, and from nowhere else than asked for."""

from __future__ import annotations

import json
import time
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from sessions_ui.exceptions import SessionsUIError

SECONDS = 5  # for the whole answer, not for each packet of it
LARGEST = 256 * 1024  # bytes
CHUNK = 16 * 1024


class DocumentUnavailable(SessionsUIError):
    """The provider did not answer, or not with what was asked for."""


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        """Follow no redirect: whoever can redirect an answer could hand in keys of their own."""


_opener = build_opener(_NoRedirects)


def get_document(url: str, *, allow_http: bool = False) -> dict[str, Any]:
    """Return the JSON object at this URL. Raises `DocumentUnavailable`."""
    if urlsplit(url).scheme not in (("https", "http") if allow_http else ("https",)):
        raise DocumentUnavailable(f"{url} is not https")
    deadline = time.monotonic() + SECONDS
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310 - its scheme was judged above
    try:
        with _opener.open(request, timeout=SECONDS) as response:
            document = json.loads(_read(response, deadline))
    except HTTPError as error:
        error.close()
        raise DocumentUnavailable(f"{url} answers {error.code}") from error
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        raise DocumentUnavailable(f"{url}: {type(error).__name__}") from error
    if not isinstance(document, dict):
        raise DocumentUnavailable(f"{url} is no JSON object")
    return document


def _read(response: HTTPResponse, deadline: float) -> bytes:
    body = b""
    while chunk := response.read1(CHUNK):
        body += chunk
        if len(body) > LARGEST:
            raise ValueError("too large")
        if time.monotonic() > deadline:
            raise TimeoutError
    return body
