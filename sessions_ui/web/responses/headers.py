"""Headers of responses: who may keep one, and what the host's middlewares add to each."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

PRIVATE = "no-store, private"
# Prefixes of the names of headers, in lower case.
OF_THE_SITE = (
    "access-control-", "content-security-policy", "cross-origin-", "permissions-policy", "referrer-policy",
    "strict-transport-security", "x-content-type-options", "x-frame-options",
)  # fmt: skip


def vary_on_cookie(response: HttpResponseBase) -> None:
    """Do what `patch_vary_headers()` does, without its parsing where there is nothing to parse: in most responses."""
    if response.has_header("Vary"):
        patch_vary_headers(response, ("Cookie",))
    else:
        response.headers["Vary"] = "Cookie"


def keep_private(response: HttpResponseBase) -> None:
    """Keep what a signed-in user sees out of every cache, the browser's back button included. A view that set its own
    `Cache-Control` knows better."""
    if not response.has_header("Cache-Control"):
        response.headers["Cache-Control"] = PRIVATE


def keep_headers(replaced: HttpResponseBase, response: HttpResponseBase) -> None:
    """Copy what the host's middlewares add to every answer of the site from the response that this one replaces: they
    have run, and will not see the new one. Nothing that is about the content is copied."""
    for name, value in replaced.headers.items():
        if name.lower().startswith(OF_THE_SITE) and not response.has_header(name):
            response.headers[name] = value
