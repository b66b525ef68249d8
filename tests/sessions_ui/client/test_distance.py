"""Least distances and speeds between known cities."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_ui.client import Place
from sessions_ui.client.distance import UNKNOWN_RADIUS_KM, distance_km, great_circle_km, speed_kmh

LONDON = Place(latitude=51.5074, longitude=-0.1278, radius_km=0)
PARIS = Place(latitude=48.8566, longitude=2.3522, radius_km=0)
NEW_YORK = Place(latitude=40.7128, longitude=-74.0060, radius_km=0)
SYDNEY = Place(latitude=-33.8688, longitude=151.2093, radius_km=0)
AUCKLAND = Place(latitude=-36.8485, longitude=174.7633, radius_km=0)
HONOLULU = Place(latitude=21.3069, longitude=-157.8583, radius_km=0)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other", "kilometres"),
    [
        (LONDON, PARIS, 344),
        (LONDON, NEW_YORK, 5570),
        (LONDON, SYDNEY, 16994),
        # The date line lies between them.
        (AUCKLAND, HONOLULU, 7063),
    ],
)
def test_known_city_pairs(one: Place, other: Place, kilometres: int) -> None:
    assert distance_km(one, other) == pytest.approx(kilometres, rel=0.005)
    assert distance_km(other, one) == distance_km(one, other)


def test_both_radii_count_as_near() -> None:
    london, paris = Place(latitude=51.5074, longitude=-0.1278, radius_km=100), PARIS
    assert distance_km(london, paris) == pytest.approx(244, abs=2)


def test_circles_that_overlap_are_no_distance_apart() -> None:
    london = Place(latitude=51.5074, longitude=-0.1278, radius_km=400)
    assert distance_km(london, PARIS) == 0.0
    assert speed_kmh(london, NOON, PARIS, NOON) == 0.0


def test_a_radius_that_the_file_does_not_state_is_a_large_one() -> None:
    vague = Place(latitude=51.5074, longitude=-0.1278)
    assert distance_km(vague, PARIS) == 0.0
    assert distance_km(vague, NEW_YORK) == pytest.approx(5570 - UNKNOWN_RADIUS_KM, rel=0.005)


@pytest.mark.parametrize("unknown", [None, Place(private=True), Place(country_code="GB")])
def test_what_is_unknown_has_no_distance(unknown: Place | None) -> None:
    assert distance_km(unknown, LONDON) is None
    assert distance_km(LONDON, unknown) is None
    assert distance_km(unknown, unknown) is None
    assert speed_kmh(unknown, NOON, LONDON, NOON) is None


def test_speed_is_the_same_in_either_order() -> None:
    later = NOON + timedelta(hours=2)
    assert speed_kmh(LONDON, NOON, PARIS, later) == pytest.approx(172, abs=1)
    assert speed_kmh(PARIS, later, LONDON, NOON) == speed_kmh(LONDON, NOON, PARIS, later)


def test_no_time_for_a_distance_is_infinitely_fast() -> None:
    assert speed_kmh(LONDON, NOON, PARIS, NOON) == math.inf
    assert speed_kmh(LONDON, NOON, LONDON, NOON) == 0.0


@given(*[st.floats(-90, 90), st.floats(-180, 180)] * 2)
def test_no_two_points_are_further_apart_than_half_the_earth(a: float, b: float, c: float, d: float) -> None:
    assert 0.0 <= great_circle_km(a, b, c, d) <= math.pi * 6371.01
