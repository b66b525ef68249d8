"""Clients that keep no cookies and sign in at every call are one line of the page, not a hundred.

For display only: each sign-in stays a session on a device of its own, and nothing is recognised by its looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sessions_ui.client.address import network_of
from sessions_ui.models import Device
from sessions_ui.risk import Level
from sessions_ui.web.devices.overview.cards import Card

KINDS = frozenset({Device.Kind.APP, Device.Kind.TOOL, Device.Kind.BOT})
# The device was created with the sign-in: its cookie never came back.
AT_ONCE = timedelta(minutes=1)


def fold(cards: Iterable[Card]) -> list[Card]:
    """Merge the cards of one app or tool in one network into one, at the place of the most recently used."""
    folded: dict[object, Card] = {}
    for number, card in enumerate(cards):
        key = _key(card) if is_foldable(card) else number
        if key in folded:
            folded[key].sessions.extend(card.sessions)
            folded[key].is_folded = True
        else:
            folded[key] = card
    return list(folded.values())


def is_foldable(card: Card) -> bool:
    """Return whether the card is one sign-in of a program that keeps no cookies, on a device that nobody named,
    confirmed or reported."""
    device = card.device
    if device is None or device.kind not in KINDS or card.is_current or len(card.sessions) != 1:
        return False
    if device.name or device.confirmed_at or device.lost_at or device.copied_at or device.not_me_at:
        return False
    signed_in_at = card.latest.signed_in_at
    return signed_in_at is not None and abs(signed_in_at - device.first_seen_at) <= AT_ONCE


def _key(card: Card) -> tuple[object, ...]:
    """Return what cards must share to be merged: app, network and whether they look suspicious.

    The network goes by its name where there is ASN data, because machines of a cloud change their address, else by the
    address. What looks suspicious is not hidden among what does not; that each sign-in is a new device is no news.
    """
    assert card.device is not None
    place = card.place
    network = (place.network if place else "") or network_of(card.latest.address)
    where = "" if network else (place.city, place.country_code) if place else ""
    is_suspicious = card.flagged is not None and card.flagged.verdict == Level.SUSPICIOUS
    return (card.device.browser, card.device.system, network, where, is_suspicious)
