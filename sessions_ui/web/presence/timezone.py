"""The time zone in which a person reads times: what the host knows of them, else what their browser says."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware

from sessions_ui.conf import conf
from sessions_ui.conf.base import for_user

COOKIE = "sessions_ui_zone"  # devices.js writes it: "Europe/Berlin"


def zone_of(request: HttpRequest, user: Any) -> ZoneInfo | None:
    """Return the reader's time zone; None for the site's own."""
    return named(for_user(conf.time_zone, user)) or named(request.COOKIES.get(COOKIE))


def named(name: Any) -> ZoneInfo | None:
    """Return the time zone of that name; None for what is no zone, because a cookie may say anything."""
    if not isinstance(name, str) or not name or len(name) > 64:
        return None
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        return None


@sync_and_async_middleware
def time_zone_middleware(get_response: Any) -> Any:
    """Show the times of every page in the zone of its reader; optional, after the authentication middleware.

    The user is looked up only where the host has a setting that asks for one (`TIME_ZONE`)."""
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> Any:
            user = await request.auser() if conf.time_zone else None
            with timezone.override(zone_of(request, user)):
                return await get_response(request)

        return asynchronous

    def synchronous(request: HttpRequest) -> Any:
        user = request.user if conf.time_zone else None
        with timezone.override(zone_of(request, user)):
            return get_response(request)

    return synchronous
