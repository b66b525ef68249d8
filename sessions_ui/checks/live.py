"""Open tabs, and what a suspected browser is told to forget."""

from __future__ import annotations

import os
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import ENVIRONMENT_VARIABLE, settings
from django.core import checks

from sessions_ui.conf import conf
from sessions_ui.models import EndReason
from sessions_ui.stream import mount


def stream(**kwargs: Any) -> list[checks.CheckMessage]:
    """Warn where no stream is mounted, only with `check --deploy`: a project under WSGI is as safe, and its pages are
    merely later. What the servers run cannot be seen from here, so the modules are imported that an ASGI server would
    be given."""
    if conf.stream_url or mount.is_mounted():
        return []
    names = asgi_modules()
    for name in names:
        with suppress(Exception):  # one that cannot be imported serves no stream
            import_module(name)
    if mount.is_mounted():
        return []
    where = f" ({', '.join(names)})" if names else ""
    return [
        checks.Warning(
            f"No ASGI application has the stream{where}: an open page notices its sign-out only after up to "
            f"{conf.live_poll_interval.total_seconds():.0f} s.",
            hint="Wrap the ASGI application with sessions_ui.stream.with_stream() (docs/live.md), name its address in "
            "SESSIONS_UI['STREAM_URL'], or silence this where asking every so often is enough, as under WSGI.",
            id="sessions_ui.W030",
        )
    ]


def asgi_modules() -> list[str]:
    """Return what ASGI_APPLICATION names (Channels, daphne), else asgi.py where `startproject` puts it."""
    named = getattr(settings, "ASGI_APPLICATION", None)
    if named:
        return [str(named).rpartition(".")[0]]
    packages = [str(getattr(settings, "ROOT_URLCONF", None) or "").rpartition(".")[0]]
    if settings_module := os.environ.get(ENVIRONMENT_VARIABLE):
        packages.append(settings_module.rpartition(".")[0])
    return list(dict.fromkeys(f"{package}.asgi" for package in packages if package))


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
