"""How far two places are apart at least, and how fast somebody must have been: for judging sign-ins.

Everything errs towards "near": a place is an estimate, and a far one alone never raises an alarm.
"""

from __future__ import annotations

import math
from datetime import datetime

from sessions_ui.client.info import Place

EARTH_RADIUS_KM = 6371.0088  # IUGG mean radius; the sphere is at most 0.6 % off
# For files that state none (DB-IP). Two good sources agree within 50 km on 39 % of addresses only, so not a small one.
UNKNOWN_RADIUS_KM = 500


def distance_km(one: Place | None, other: Place | None) -> float | None:
    """Return the least distance in kilometres: great circle between the centres, minus both radii, never negative.

    None where either has no coordinates (unknown, private, known by its country only). A radius that the file does not
    state counts as `UNKNOWN_RADIUS_KM`.
    """
    if one is None or other is None:
        return None
    if one.latitude is None or one.longitude is None or other.latitude is None or other.longitude is None:
        return None
    centres = great_circle_km(one.latitude, one.longitude, other.latitude, other.longitude)
    return max(0.0, centres - _radius(one) - _radius(other))


def speed_kmh(one: Place | None, at: datetime, other: Place | None, then: datetime) -> float | None:
    """Return the least speed in km/h that takes somebody from one place to the other in the time between, in either
    order.

    None where the distance is unknown; infinite where there is a distance and no time for it.
    """
    distance = distance_km(one, other)
    if not distance:
        return distance
    hours = abs((then - at).total_seconds()) / 3600
    return distance / hours if hours else math.inf


def great_circle_km(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Return the distance between two points in degrees, by the haversine formula: exact for near points too."""
    north, to_north = math.radians(latitude), math.radians(to_latitude)
    half_up, half_across = (to_north - north) / 2, math.radians(to_longitude - longitude) / 2
    chord = math.sin(half_up) ** 2 + math.cos(north) * math.cos(to_north) * math.sin(half_across) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, chord)))


def _radius(place: Place) -> float:
    return UNKNOWN_RADIUS_KM if place.radius_km is None else place.radius_km
