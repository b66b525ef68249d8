"""Headers of every page of this site: what a browser may keep of it, and what it may use in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

# What no page of this site uses (https://github.com/w3c/webappsec-permissions-policy/blob/main/features.md), so that
# nothing that is ever injected into one can; and passkeys, which only this site's own pages may ask for. Only names
# that Chromium knows: it complains of any other one in the console of each page.
UNUSED = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media",
    "fullscreen", "gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer",
    "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock", "serial", "storage-access", "usb",
    "window-management", "xr-spatial-tracking",
)  # fmt: skip
PASSKEYS = ("publickey-credentials-create", "publickey-credentials-get")
PERMISSIONS = ", ".join([*(f"{name}=()" for name in UNUSED), *(f"{name}=(self)" for name in PASSKEYS)])
PRIVATE = "no-store, private"
ABOUT_ACCOUNTS = ("/account/", "/help-desk/", "/admin/")


@sync_and_async_middleware
def headers_middleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Add the headers to every response that has none of its own."""
    if not iscoroutinefunction(get_response):
        return lambda request: with_headers(request, get_response(request))

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        response: Awaitable[HttpResponseBase] = get_response(request)
        return with_headers(request, await response)

    return middleware


def with_headers(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Pages about accounts are private also before the sign-in: the form that a mailed link opens must not come back
    from a cache once its link is used."""
    response.headers.setdefault("Permissions-Policy", PERMISSIONS)
    if request.path_info.startswith(ABOUT_ACCOUNTS):
        response.headers.setdefault("Cache-Control", PRIVATE)
    return response
