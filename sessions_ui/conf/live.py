"""Open tabs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from functools import cached_property

from sessions_ui.conf.base import Section


class LiveSettings(Section):
    """Open tabs (docs/live.md)"""

    @cached_property
    def redis_url(self) -> str:
        """Redis through which the processes wake each other's streams. Empty: an open tab hears of what another
        process did within a second. Needs the package `redis` (the extra `live`)."""
        return str(self._given.get("REDIS_URL") or "")

    @cached_property
    def stream_url(self) -> str:
        """Where pages find the stream, if another process serves it than the pages, such as an ASGI server beside
        a WSGI one. Empty: where `with_stream()` mounted it in the process that renders the page, if it did."""
        return str(self._given.get("STREAM_URL") or "")

    @cached_property
    def streams_per_user(self) -> int:
        """How many streams one user may have open in one process; a browser needs one, whatever the number of its
        tabs. Beyond it a browser polls."""
        return self._given.get("STREAMS_PER_USER", 20)

    @cached_property
    def live_poll_interval(self) -> timedelta:
        """How often an open page asks whether it is still signed in, where there is no stream (WSGI) or none to be
        had. One tab asks for all tabs of its browser."""
        return self._given.get("LIVE_POLL_INTERVAL", timedelta(seconds=30))

    @cached_property
    def clear_site_data(self) -> Collection[str]:
        """Reasons of an ending after which the browser is told to clear its cache and the storage of the site
        (`Clear-Site-Data`, over HTTPS only): the next answer to that browser carries the header. It also takes what
        the host project keeps there, such as drafts, hence only for endings that suspect somebody. Cookies are never
        cleared that way: the header would take those of the whole registrable domain."""
        return self._given.get("CLEAR_SITE_DATA", ("device_lost", "not_me", "suspicious", "incident"))
