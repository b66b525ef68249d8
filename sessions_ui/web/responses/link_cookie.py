"""The cookie in which something waits for a page whose own address then says nothing: the token of an opened link, say.

Addresses stand in histories, logs and referrers. It needs neither a session nor a script.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from django.conf import settings
from django.http.response import HttpResponseBase


def cookie_name(name: str) -> str:
    """Return the name in the browser. No `__Host-`, because the cookie has a path of its own."""
    return f"{'__Secure-' if settings.SESSION_COOKIE_SECURE else ''}{name}"


def keep_token(
    response: HttpResponseBase,
    token: str,
    *,
    name: str,
    path: str,
    age: timedelta,
    samesite: Literal["Lax", "Strict"] = "Lax",
) -> None:
    """Put the token into the cookie of this name, which goes to the page at `path` only, and lasts for `age`.
    `samesite`: "Lax" where a click elsewhere, as in a mail, leads there."""
    response.set_cookie(
        cookie_name(name),
        token,
        max_age=int(age.total_seconds()),
        path=path,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite=samesite,
    )


def forget_token(response: HttpResponseBase, *, name: str, path: str) -> None:
    response.delete_cookie(cookie_name(name), path=path, samesite="Lax")
