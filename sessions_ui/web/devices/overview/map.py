"""The map below the devices: circles on an outline of the land, in its projection. Pure functions; a list on the page
says the same in words.

The outline is a file of its own (static/sessions_ui/land.svg, made by tools/land/land.mjs). Both use Equal Earth
(Šavrič, Patterson and Jenny, 2018): areas are true, so a circle covers as much land as the accuracy it stands for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from sessions_ui.client import Place
from sessions_ui.client.distance import EARTH_RADIUS_KM
from sessions_ui.web.devices.overview.cards import Card
from sessions_ui.wording.sessions import place_name

# The view of the outline, as in land.mjs: the whole equator, and from 84° north to 57° south.
WIDTH, HEIGHT = 1000, 435
NORTH = 84.0
A1, A2, A3, A4 = 1.340264, -0.081106, 0.000893, 0.003796
M = math.sqrt(3) / 2
SCALE = WIDTH / 2 / (math.pi / (M * A1))  # units of the view to a radius of the earth

# Units of the view, of which a phone shows three to a pixel. A city is a point at this scale; an unknown accuracy can
# be a whole country.
LEAST_RADIUS = 12.0
UNKNOWN_RADIUS = 28.0
# What is shown at once; the cards above have them all.
SPOTS = 12
NAMES = 3


@dataclass(slots=True)
class Spot:
    """One place with all devices there, the most recently used first. `x`, `y` and `radius` in units of the view."""

    place: Place
    x: float
    y: float
    radius: float
    is_vague: bool
    cards: list[Card] = field(default_factory=list)

    @property
    def name(self) -> str:
        return place_name(self.place)

    @property
    def is_here(self) -> bool:
        return any(card.is_current for card in self.cards)

    @property
    def shown_cards(self) -> list[Card]:
        return self.cards[:NAMES]

    @property
    def more_cards(self) -> int:
        return max(len(self.cards) - NAMES, 0)

    @property
    def circle(self) -> dict[str, str]:
        """The circle as attributes of SVG, which knows no decimal commas."""
        return {"cx": f"{self.x:.1f}", "cy": f"{self.y:.1f}", "r": f"{self.radius:.1f}"}


@dataclass(frozen=True, slots=True)
class DeviceMap:
    """The map and what is missing on it. `elsewhere`: devices that are not on it, because their place is unknown,
    private, or known by its name only."""

    spots: list[Spot]
    elsewhere: int
    view_box = f"0 0 {WIDTH} {HEIGHT}"

    @property
    def shown_spots(self) -> list[Spot]:
        return self.spots[:SPOTS]

    @property
    def more_spots(self) -> int:
        return max(len(self.spots) - SPOTS, 0)


def map_of(cards: Iterable[Card]) -> DeviceMap:
    """Return a map with a spot for each place that has a name and coordinates, in the order of the cards. Where a file
    gives several coordinates or accuracies for one name, the first coordinates and the widest accuracy are used."""
    spots: dict[tuple[str, str, str], Spot] = {}
    positions: dict[tuple[float | None, float | None], tuple[float, float] | None] = {}
    elsewhere = 0
    for card in cards:
        place = card.place
        if place is None or not place.is_known:
            elsewhere += 1
            continue
        coordinates = (place.latitude, place.longitude)
        if coordinates not in positions:
            positions[coordinates] = position(place)
        at = positions[coordinates]
        if at is None:
            elsewhere += 1
            continue
        key = (place.country_code or place.country, place.region, place.city)
        vague, radius = place.radius_km is None, radius_of(place)
        spot = spots.get(key)
        if spot is None:
            spot = spots[key] = Spot(place, *at, radius, vague)
        elif radius > spot.radius:
            spot.radius, spot.is_vague = radius, vague
        spot.cards.append(card)
    return DeviceMap(list(spots.values()), elsewhere)


def position(place: Place) -> tuple[float, float] | None:
    """Return where a place is on the map, in units of the view from its top left corner; None without valid
    coordinates."""
    if place.latitude is None or place.longitude is None:
        return None
    if not (-90 <= place.latitude <= 90 and -180 <= place.longitude <= 180):
        return None
    x, y = _equal_earth(place.latitude, place.longitude)
    return WIDTH / 2 + SCALE * x, TOP - SCALE * y


def radius_of(place: Place) -> float:
    """Return the radius of a place's circle in units of the view: never too small to be seen, and large where the
    accuracy is unknown."""
    if place.radius_km is None:
        return UNKNOWN_RADIUS
    return max(SCALE * place.radius_km / EARTH_RADIUS_KM, LEAST_RADIUS)


def _equal_earth(latitude: float, longitude: float) -> tuple[float, float]:
    """Project latitude and longitude, in degrees, to the plane of a globe of radius 1; north is positive."""
    t = math.asin(M * math.sin(math.radians(latitude)))
    t2 = t * t
    t6 = t2**3
    across = M * (A1 + 3 * A2 * t2 + t6 * (7 * A3 + 9 * A4 * t2))
    return math.radians(longitude) * math.cos(t) / across, t * (A1 + A2 * t2 + t6 * (A3 + A4 * t2))


TOP = SCALE * _equal_earth(NORTH, 0)[1]  # from the equator
