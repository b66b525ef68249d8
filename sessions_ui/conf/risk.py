"""Judging sign-ins, and what somebody has to show before others are signed out."""

from __future__ import annotations

from datetime import timedelta

from sessions_ui.conf.base import Section


class RiskSettings(Section):
    """Judging sign-ins (docs/risk.md)"""

    @property
    def young_session(self) -> timedelta:
        """A sign-in younger than that vouches for nothing: to sign out devices that were there before it, or to
        confirm another one, takes a further proof. So does one on a device that was never confirmed."""
        return self._given.get("YOUNG_SESSION", timedelta(hours=24))
