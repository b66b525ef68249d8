"""The map: where circles lie, how large they are, and what stands beside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.utils import translation

from sessions_ui.client import Place
from sessions_ui.web.devices.overview.cards import Card
from sessions_ui.web.devices.overview.map import (
    HEIGHT,
    LEAST_RADIUS,
    SPOTS,
    UNKNOWN_RADIUS,
    WIDTH,
    DeviceMap,
    map_of,
    position,
    radius_of,
)
from tests.models import Device, Session

PAGE = "/account/devices/"
SignedIn = Callable[..., Session]
LAGOS = {
    "city": "Lagos",
    "country": "Nigeria",
    "country_code": "NG",
    "latitude": 6.5244,
    "longitude": 3.3792,
    "radius_km": 50,
}
BERLIN = {"city": "Berlin", "country_code": "DE", "latitude": 52.52, "longitude": 13.405, "radius_km": 20}


def card(name: str, place: dict[str, Any] | None) -> Card:
    return Card(device=Device(name=name), sessions=[Session(place=place)])


def outline() -> str:
    return Path(finders.find("sessions_ui/land.svg")).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("latitude", "longitude", "x", "y"),
    [
        # What d3-geo says, which has drawn the outline (tools/land/land.mjs prints these).
        (51.5074, -0.1278, 499.711, 63.106),
        (6.5244, 3.3792, 509.358, 217.002),
        (-33.8688, 151.2093, 885.554, 364.179),
        (21.3069, -157.8583, 75.895, 162.624),
        (-54.8019, -68.303, 349.821, 428.879),
    ],
)
def test_cities_lie_where_the_outline_has_them(latitude: float, longitude: float, x: float, y: float) -> None:
    assert position(Place(latitude=latitude, longitude=longitude)) == pytest.approx((x, y), abs=0.001)


def test_the_outline_has_the_same_view() -> None:
    assert f'<symbol id="land" viewBox="{DeviceMap.view_box}">' in outline()
    assert f"{WIDTH} {HEIGHT}" in DeviceMap.view_box


def inside(x: float, y: float, rings: list[list[tuple[float, float]]]) -> bool:
    """By counting the edges to the right of the point."""
    crossed = 0
    for ring in rings:
        for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
                crossed += 1
    return crossed % 2 == 1


@pytest.mark.parametrize(
    ("latitude", "longitude", "is_land"),
    [
        (48.2, 16.4, True),  # Vienna
        (39.7, -105.0, True),  # Denver
        (-15.8, -47.9, True),  # Brasília
        (28.6, 77.2, True),  # Delhi
        (-23.7, 133.9, True),  # Alice Springs
        (30.0, -45.0, False),  # the Atlantic
        (-20.0, 80.0, False),  # the Indian Ocean
        (0.0, -150.0, False),  # the Pacific
    ],
)
def test_what_is_inland_lies_on_the_land(latitude: float, longitude: float, is_land: bool) -> None:
    path = re.search(r' d="([^"]+)"', outline())
    assert path is not None
    rings = [
        [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", ring)]
        for ring in path[1].split("Z")
        if ring
    ]
    at = position(Place(latitude=latitude, longitude=longitude))
    assert at is not None
    assert inside(*at, rings) is is_land


@pytest.mark.parametrize(
    "place",
    [
        Place(city="Lagos"),
        Place(latitude=6.5),
        Place(latitude=91.0, longitude=0.0),
        Place(latitude=0.0, longitude=181.0),
        Place(latitude=float("nan"), longitude=0.0),
    ],
)
def test_what_is_no_position_has_none(place: Place) -> None:
    assert position(place) is None


def test_a_circle_covers_its_accuracy_and_is_never_too_small() -> None:
    # An equal-area map: 1,000 km are 1,000 / 6,371 of the radius of its globe.
    assert radius_of(Place(radius_km=1000)) == pytest.approx(29.0, abs=0.1)
    assert radius_of(Place(radius_km=1)) == radius_of(Place(radius_km=0)) == LEAST_RADIUS
    assert radius_of(Place()) == UNKNOWN_RADIUS > LEAST_RADIUS


def test_devices_at_one_place_are_one_circle() -> None:
    elsewhere_in_lagos = {**LAGOS, "latitude": 6.6, "radius_km": 400}
    found = map_of([card("Phone", LAGOS), card("Laptop", BERLIN), card("Tablet", elsewhere_in_lagos)])
    lagos, berlin = found.spots
    assert [one.title for one in lagos.cards] == ["Phone", "Tablet"]
    assert (lagos.name, berlin.name) == ("Lagos, Nigeria", "Berlin, Germany")
    assert (lagos.x, lagos.y) == position(Place.from_dict(LAGOS) or Place())
    assert lagos.radius == radius_of(Place(radius_km=400))
    assert not lagos.is_vague


def test_an_unknown_accuracy_is_faint() -> None:
    vague = {name: value for name, value in LAGOS.items() if name != "radius_km"}
    assert map_of([card("Phone", LAGOS), card("Laptop", vague)]).spots[0].is_vague
    assert map_of([card("Laptop", vague), card("Phone", LAGOS)]).spots[0].is_vague


def test_what_cannot_be_placed_is_counted() -> None:
    nowhere = [None, {"private": True}, {"country_code": "NG"}, {"latitude": 6.5, "longitude": 3.4}]
    found = map_of([card("Odd", place) for place in nowhere] + [card("Phone", LAGOS)])
    assert (len(found.spots), found.elsewhere) == (1, 4)


@pytest.fixture
def here(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    Session.objects.update(place=None)
    return client


@pytest.mark.django_db
def test_the_page_says_it_in_words_too(here: Any, user: Any, signed_in: SignedIn) -> None:
    signed_in(user, device={"name": "My phone"}, place=LAGOS)
    html = here.get(PAGE).content.decode()
    section = html.split('class="sui-panel sui-map"')[1].split("</section>")[0]
    assert section.count("<circle") == 1
    assert "<strong>Lagos, Nigeria</strong>" in section
    assert "<bdi>My phone</bdi>" in section
    assert "1 device isn’t on the map" in section  # this one
    assert "style=" not in section


@pytest.mark.django_db
def test_no_place_no_map(here: Any, user: Any, signed_in: SignedIn) -> None:
    signed_in(user, place={"country_code": "NG"})
    assert "sui-map" not in here.get(PAGE).content.decode()


@pytest.mark.django_db
def test_numbers_of_a_picture_know_no_comma(here: Any, user: Any, signed_in: SignedIn) -> None:
    signed_in(user, place=LAGOS)
    with translation.override("de"):
        html = here.get(PAGE, headers={"Accept-Language": "de"}).content.decode()
    assert '<html lang="de"' in html
    assert 'cx="509.4" cy="217.0" r="12.0"' in html


@pytest.mark.django_db
def test_many_places_do_not_grow_the_page(here: Any, user: Any, signed_in: SignedIn) -> None:
    for index in range(SPOTS + 3):
        signed_in(user, place={**LAGOS, "city": f"City {index}", "latitude": float(index)})
    html = here.get(PAGE).content.decode()
    assert html.count("<circle") == SPOTS
    assert "3 more places aren’t shown." in html
