"""Devices of one name are told apart by what people know of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from sessions_ui.database import moments
from sessions_ui.wording.names import distinct_title, tell_apart
from tests.models import Device, Session

MORNING = moments.stored(datetime(2026, 11, 2, 9, 15))


def line(
    system_version: str = "", place: dict[str, Any] | None = None, **fields: Any
) -> tuple[Device, Session]:
    device = Device(**{"browser": "Chrome", "system": "Windows", "first_seen_at": MORNING, **fields})
    return device, Session(device=device, system_version=system_version, place=place)


def test_a_name_that_stands_alone_needs_nothing_beside_it() -> None:
    assert tell_apart([line(), line(browser="Firefox"), line(name="My laptop")]) == ["", "", ""]
    assert tell_apart([]) == []


@pytest.mark.parametrize(
    ("one", "other", "beside"),
    [
        ({"maker": "Google", "model": "Pixel 9"}, {"model": "Moto G"}, ["Google Pixel 9", "Moto G"]),
        ({"system_version": "11"}, {"system_version": "10"}, ["Windows 11", "Windows 10"]),
        ({"place": {"city": "Lagos"}}, {"place": {"country_code": "SE"}}, ["Lagos", "Sweden"]),
        # What is unknown of one is not said of it.
        ({"place": {"city": "Lagos"}}, {}, ["Lagos", ""]),
        (
            {},
            {"first_seen_at": MORNING.replace(month=10)},
            ["first seen 2 November 2026", "first seen 2 October 2026"],
        ),
        (
            {},
            {"first_seen_at": MORNING.replace(hour=14)},
            ["first seen 2 November 2026, 09:15", "first seen 2 November 2026, 14:15"],
        ),
        # Nothing at all: numbered in the order in which they came.
        ({}, {}, ["number 1", "number 2"]),
        # The first thing that differs is enough.
        (
            {"model": "Pixel 9", "place": {"city": "Lagos"}},
            {"model": "Pixel 8", "place": {"city": "London"}},
            ["Pixel 9", "Pixel 8"],
        ),
        # One name that the user gave twice.
        ({"name": "Laptop", "place": {"city": "Lagos"}}, {"name": "Laptop"}, ["Lagos", ""]),
    ],
)  # fmt: skip
def test_two_of_one_name_differ_in_what_stands_beside_it(
    one: dict[str, Any], other: dict[str, Any], beside: list[str]
) -> None:
    assert tell_apart([line(**one), line(**other)]) == beside


def test_devices_that_are_still_alike_get_a_longer_name() -> None:
    lines = [
        line(model="Pixel 9", place={"city": "Lagos"}),
        line(model="Pixel 9", place={"city": "London"}),
        line(model="Pixel 8", place={"city": "London"}),
    ]
    assert tell_apart(lines) == ["Pixel 9, Lagos", "Pixel 9, London", "Pixel 8"]


def test_day_and_minute_are_told_at_once() -> None:
    later = MORNING.replace(day=3)
    lines = [line(), line(first_seen_at=later), line(first_seen_at=later.replace(hour=10))]
    assert tell_apart(lines) == [
        "first seen 2 November 2026",
        "first seen 3 November 2026, 09:15",
        "first seen 3 November 2026, 10:15",
    ]


def test_a_number_stays_with_its_device_in_whatever_order_they_are_listed() -> None:
    young, old = line(pk=8), line(pk=7)
    assert tell_apart([young, old, line(browser="Firefox", pk=9)]) == ["number 2", "number 1", ""]
    assert tell_apart([old, young]) == ["number 1", "number 2"]


def test_sessions_without_a_device_are_told_apart_too() -> None:
    sessions = [Session(place={"city": city}) for city in ("Lagos", "London")]
    assert tell_apart([(None, session) for session in sessions]) == ["Lagos", "London"]


def test_the_title_has_it_in_brackets() -> None:
    assert distinct_title("Chrome on Windows", "Lagos") == "Chrome on Windows (Lagos)"
    assert distinct_title("Chrome on Windows", "") == "Chrome on Windows"
