"""The addresses that have long been the owner's: alerts and codes go there, and no thief of the account reads them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from sessions_ui.conf import conf
from sessions_ui.database import moments

SETTLED = timedelta(days=30)  # an address verified for so long is its owner's


def trusted_addresses(user: Any) -> list[str]:
    """Return those of this user's `ALERT_ADDRESSES` that count now; none where the account has no address."""
    return settled_or_oldest(conf.alert_addresses(user), timezone.now())


def settled_or_oldest(addresses: Iterable[tuple[str, datetime | None]], now: datetime) -> list[str]:
    """Return every address verified 30 days ago or earlier (unknown counts as long ago), otherwise the oldest there is.

    Addresses that differ in case only are one.
    """
    known = [(address, at and moments.stored(at)) for address, at in addresses if address]
    settled = [address for address, at in known if at is None or at <= now - SETTLED]
    if settled:
        first: dict[str, str] = {}
        for address in settled:
            first.setdefault(address.casefold(), address)
        return list(first.values())
    oldest = sorted((at, address) for address, at in known if at is not None)
    return [address for _at, address in oldest[:1]]
