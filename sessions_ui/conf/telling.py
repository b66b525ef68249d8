"""Telling those who must know."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from sessions_ui.conf.base import Section


class TellingSettings(Section):
    """Telling those who must know"""

    @cached_property
    def delivery_lease(self) -> timedelta:
        """Whoever claims a delivery has so long for it; then the sweep gives it to somebody else."""
        return self._given.get("DELIVERY_LEASE", timedelta(minutes=2))

    @cached_property
    def delivery_retries(self) -> tuple[timedelta, ...]:
        """Waits between the attempts of a delivery; after the last one it is parked for an administrator."""
        default = [timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)]
        return tuple(self._given.get("DELIVERY_RETRIES", default))
