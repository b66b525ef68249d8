"""Open tabs, and what a suspected browser is told to forget."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core import checks

from sessions_ui.conf import conf
from sessions_ui.models import EndReason


def stream(**kwargs: Any) -> list[checks.CheckMessage]:
    """Only with `check --deploy`: a project under WSGI is as safe, and its pages are merely later."""
    if getattr(settings, "ASGI_APPLICATION", None) or conf.stream_url:
        return []
    return [
        checks.Warning(
            "There is no ASGI_APPLICATION and so no stream: an open page notices its sign-out only "
            f"after up to {conf.live_poll_seconds} s.",
            hint="Wrap the ASGI application with sessions_ui.stream.with_stream() (docs/live.md), name its address in "
            "SESSIONS_UI['STREAM_URL'], or silence this where asking every so often is enough.",
            id="sessions_ui.W030",
        )
    ]


def redis(**kwargs: Any) -> list[checks.CheckMessage]:
    if not conf.redis_url or find_spec("redis"):
        return []
    return [
        checks.Warning(
            "SESSIONS_UI['REDIS_URL'] is set, but the package redis is not installed: processes do not wake each "
            "other's streams.",
            hint="Install sessions-ui[live].",
            id="sessions_ui.W031",
        )
    ]


def clear_site_data(**kwargs: Any) -> list[checks.CheckMessage]:
    unknown = sorted(set(conf.clear_site_data) - set(EndReason.values))
    if not unknown:
        return []
    return [
        checks.Warning(
            f"CLEAR_SITE_DATA names no reason of an ending with {', '.join(unknown)}.",
            hint=f"Reasons are {', '.join(EndReason.values)}.",
            id="sessions_ui.W032",
        )
    ]
