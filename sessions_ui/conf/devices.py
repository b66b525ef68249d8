"""Devices."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from django.conf import settings

from sessions_ui.conf.base import Section


class DeviceSettings(Section):
    """Devices"""

    @cached_property
    def device_cookie(self) -> bool:
        """Recognise a browser by a long-lived cookie, set at sign-in only, with a value for each account that has
        signed in there. It signs nobody in. Off: each sign-in is a new device."""
        return self._given.get("DEVICE_COOKIE", True)

    @cached_property
    def device_cookie_name(self) -> str:
        """Name of that cookie; with `SESSION_COOKIE_SECURE` it gets the prefix `__Host-`."""
        name = self._given.get("DEVICE_COOKIE_NAME", "device")
        return f"__Host-{name}" if settings.SESSION_COOKIE_SECURE else name

    @cached_property
    def device_cookie_age(self) -> timedelta:
        """How long a browser is recognised after its last sign-in; browsers allow 400 days at most."""
        return self._given.get("DEVICE_COOKIE_AGE", timedelta(days=400))

    @cached_property
    def supersede(self) -> bool:
        """Signing in again in the same browser ends the older session there, so that lists do not flood."""
        return self._given.get("SUPERSEDE", True)
