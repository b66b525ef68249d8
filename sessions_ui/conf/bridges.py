"""Credentials of other packages."""

from __future__ import annotations

from functools import cached_property

from sessions_ui.conf.base import Section

DEFAULT_BRIDGES = (
    "sessions_ui.bridges.AuthTokenBridge",
    "sessions_ui.bridges.KnoxBridge",
    "sessions_ui.bridges.OAuthToolkitBridge",
    "sessions_ui.bridges.SimpleJWTBridge",
)


class BridgeSettings(Section):
    """Credentials of other packages (docs/bridges.md)"""

    @cached_property
    def bridges(self) -> tuple[str, ...]:
        """Bridges to packages whose tokens end with the account's sessions, as dotted paths. Each of the default ones
        is used where its app is installed; an empty list switches all of them off, and one of your own comes beside
        those that you go on naming."""
        return tuple(self._given.get("BRIDGES", DEFAULT_BRIDGES))
