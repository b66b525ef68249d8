"""Decide whether a sign-in looks like its owner's.

The module is pure: what happened before and who asks now go in, a verdict comes out. docs/risk.md has the truth table,
and a test keeps it and this module in step. Two rules stand above all others: a place alone never flags, because VPNs
and mobile networks move; and a device that its owner confirmed is not doubted for where it is. What is unknown speaks
against nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sessions_ui.client import Client, ClientInfo, Place, contradicts
from sessions_ui.client.distance import distance_km, speed_kmh

# An airliner makes about 900 km/h; distances have the radii of both places taken off already.
FASTEST_KMH = 1000
# Nearer than that two networks of one person can be, whatever the speed: a phone leaves the Wi-Fi of a train.
FAR_KM = 500


class Level(StrEnum):
    """How much a sign-in needs a look; the empty string is the ordinary one."""

    ORDINARY = ""
    NEW = "new"
    SUSPICIOUS = "suspicious"


class Reason(StrEnum):
    """Why a sign-in was flagged; `wording/risk.py` has the words."""

    NEW_DEVICE = "new_device"
    NEW_COUNTRY = "new_country"
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    COPIED_COOKIE = "copied_cookie"
    LOST_DEVICE = "lost_device"
    NOT_ME_DEVICE = "not_me_device"
    CHANGED_CLIENT = "changed_client"


class Standing(StrEnum):
    """What is known of the device that signs in, by its device cookie."""

    NEW = "new"
    KNOWN = "known"
    CONFIRMED = "confirmed"
    COPIED = "copied"
    LOST = "lost"
    NOT_ME = "not_me"


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a session of the user was seen last, when, and whether on the device that signs in now."""

    place: Place | None
    at: datetime
    same_device: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    level: Level = Level.ORDINARY
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """What came before.

    Sign-ins that the owner disowned, or has not reviewed, must not be in it: otherwise a thief's country would be a
    known one at the second visit. `signed_in_before`: ever, whatever is kept of it. `unreviewed`: what was found at
    this device's last sign-in, as long as its owner has not said whose it was.
    """

    standing: Standing
    signed_in_before: bool = False
    countries: frozenset[str] = frozenset()
    sightings: tuple[Sighting, ...] = ()
    unreviewed: Verdict = Verdict()


ORDINARY = Verdict()
MARKS = {
    Standing.COPIED: Reason.COPIED_COOKIE,
    Standing.LOST: Reason.LOST_DEVICE,
    Standing.NOT_ME: Reason.NOT_ME_DEVICE,
}


def classify(history: History, client: ClientInfo, now: datetime) -> Verdict:
    """Return the verdict on a sign-in, its reasons in the order of `Reason`."""
    if history.standing is Standing.CONFIRMED:
        return ORDINARY
    found = set(history.unreviewed.reasons)
    if history.standing in MARKS:
        found.add(MARKS[history.standing])
    elif not history.signed_in_before:
        return ORDINARY
    if history.standing is Standing.NEW:
        found.add(Reason.NEW_DEVICE)
    if Reason.NEW_DEVICE in found and is_new_country(history, client):
        found.add(Reason.NEW_COUNTRY)
    if travelled_impossibly(history, client, now):
        found.add(Reason.IMPOSSIBLE_TRAVEL)
    return verdict_of(found)


def verdict_of(reasons: Iterable[Reason]) -> Verdict:
    """Return the verdict for these reasons.

    A new device in a country already known is merely new; everything else there is looks suspicious.
    """
    found = frozenset(reasons)
    if not found:
        return ORDINARY
    level = Level.NEW if found == {Reason.NEW_DEVICE} else Level.SUSPICIOUS
    return Verdict(level, tuple(reason for reason in Reason if reason in found))


def is_new_country(history: History, client: ClientInfo) -> bool:
    country = client.place.country_code if client.place else ""
    return bool(country and history.countries) and country not in history.countries


def travelled_impossibly(history: History, client: ClientInfo, now: datetime) -> bool:
    """Return whether the user would have to have travelled faster than an airliner from where they were seen before.

    A known device is compared with itself only: a laptop that refreshes its mail at home says nothing about where the
    phone may be.
    """
    own_only = history.standing is not Standing.NEW
    return any(
        (distance_km(sighting.place, client.place) or 0) >= FAR_KM
        and (speed_kmh(sighting.place, sighting.at, client.place, now) or 0) > FASTEST_KMH
        for sighting in history.sightings
        if sighting.same_device or not own_only
    )


def changed_midway(before: Client, now: Client) -> Verdict:
    """Return the verdict on a session whose client tells another story than at its sign-in.

    Browsers update themselves, but they do not change family or system.
    """
    return verdict_of([Reason.CHANGED_CLIENT]) if contradicts(before, now) else ORDINARY
