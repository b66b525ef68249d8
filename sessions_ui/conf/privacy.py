"""What is kept of people (docs/privacy.md)."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Literal

from django.core.exceptions import ImproperlyConfigured

from sessions_ui.conf.base import Section


class PrivacySettings(Section):
    """What is kept of people (docs/privacy.md)"""

    @cached_property
    def store_addresses(self) -> Literal["full", "network", "none"]:
        """How much of an address is kept with a sign-in: "full", "network" (/24 of IPv4, /48 of IPv6, the rest zeros)
        or "none", for where the law forbids more. Places are looked up before."""
        how = self._given.get("STORE_ADDRESSES", "full")
        if how not in ("full", "network", "none"):
            raise ImproperlyConfigured(f"SESSIONS_UI['STORE_ADDRESSES']: full, network or none, not {how!r}")
        return how

    @cached_property
    def forget_clients_after(self) -> timedelta | None:
        """Addresses and user agents of sign-ins and events are removed when they are so old: those of the sign-in
        counted from then, those of a session's last use from that. None: they stay as long as their rows, for
        `RETENTION`. What is lost with each choice: [privacy.md](privacy.md#keeping-less)."""
        given = self._given.get("FORGET_CLIENTS_AFTER")
        if given is not None and not (isinstance(given, timedelta) and given > timedelta(0)):
            raise ImproperlyConfigured(
                f"SESSIONS_UI['FORGET_CLIENTS_AFTER']: a timedelta above zero or None, not {given!r}"
            )
        return given

    @cached_property
    def export_max_rows(self) -> int:
        """So many rows are put together at most when a page hands out what is stored about somebody, since it is held
        in memory; whoever has more is told so, and `manage.py privacy export` writes it, however much it is."""
        return self._given.get("EXPORT_MAX_ROWS", 20_000)
