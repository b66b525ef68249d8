"""The truth table of docs/risk.md: what came before, who asks now, and the verdict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sessions_ui.client import Client, ClientInfo, Place
from sessions_ui.risk import (
    ORDINARY,
    History,
    Level,
    Reason,
    Sighting,
    Standing,
    Verdict,
    changed_midway,
    classify,
    verdict_of,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LONDON = Place(country_code="GB", city="London", latitude=51.5, longitude=-0.1, radius_km=20)
LAGOS = Place(country_code="NG", city="Lagos", latitude=6.5, longitude=3.4, radius_km=50)
LEEDS = Place(country_code="GB", city="Leeds", latitude=53.8, longitude=-1.5, radius_km=50)
NOWHERE = Place(private=True)
PLACES = {"London": LONDON, "Lagos": LAGOS, "Leeds": LEEDS, "unknown": None, "private": NOWHERE}
OPEN = {
    "": Verdict(),
    "new device": verdict_of([Reason.NEW_DEVICE]),
    "lost device": verdict_of([Reason.LOST_DEVICE]),
}

# "purged": there were earlier sign-ins, of which nothing is kept
# standing, earlier sign-ins, where, seen there ago (hours, this device or another), unreviewed | level, reasons
TABLE = [
    ("first sign-in ever", "new", 0, "Lagos", None, "", "", ""),
    (
        "new device, nothing kept of earlier sign-ins",
        "new",
        "purged",
        "Lagos",
        None,
        "",
        "new",
        "new_device",
    ),
    ("known device, nothing kept of earlier sign-ins", "known", "purged", "Lagos", None, "", "", ""),
    ("known device", "known", 3, "London", (1, "this"), "", "", ""),
    ("known device, another country, in time", "known", 3, "Lagos", (24, "this"), "", "", ""),
    (
        "known device, another country, too fast",
        "known",
        3,
        "Lagos",
        (1, "this"),
        "",
        "suspicious",
        "impossible_travel",
    ),
    ("known device, another one active at home", "known", 3, "Lagos", (1, "another"), "", "", ""),
    ("confirmed device, too fast", "confirmed", 3, "Lagos", (1, "this"), "", "", ""),
    ("new device", "new", 3, "London", (1, "another"), "", "new", "new_device"),
    ("new device, not far", "new", 3, "Leeds", (0, "another"), "", "new", "new_device"),
    ("new device, place unknown", "new", 3, "unknown", (1, "another"), "", "new", "new_device"),
    ("new device, private network", "new", 3, "private", (1, "another"), "", "new", "new_device"),
    (
        "new device, new country",
        "new",
        3,
        "Lagos",
        (48, "another"),
        "",
        "suspicious",
        "new_device new_country",
    ),
    (
        "new device, new country, too fast",
        "new",
        3,
        "Lagos",
        (1, "another"),
        "",
        "suspicious",
        "new_device new_country impossible_travel",
    ),
    ("copied device cookie", "copied", 3, "London", (1, "another"), "", "suspicious", "copied_cookie"),
    ("lost device is back", "lost", 3, "London", (1, "this"), "", "suspicious", "lost_device"),
    ("lost device is back, history purged", "lost", 0, "London", None, "", "suspicious", "lost_device"),
    (
        "device that was not the owner's",
        "not_me",
        3,
        "London",
        (1, "this"),
        "",
        "suspicious",
        "not_me_device",
    ),
    (
        "second sign-in, first not reviewed",
        "known",
        3,
        "London",
        (1, "this"),
        "new device",
        "new",
        "new_device",
    ),
    (
        "second sign-in, from a new country",
        "known",
        3,
        "Lagos",
        (48, "another"),
        "new device",
        "suspicious",
        "new_device new_country",
    ),
    (
        "found again, not reviewed",
        "known",
        3,
        "London",
        (1, "this"),
        "lost device",
        "suspicious",
        "lost_device",
    ),
    ("confirmed since", "confirmed", 3, "London", (1, "this"), "new device", "", ""),
]


@pytest.mark.parametrize(
    ("name", "standing", "before", "where", "seen", "unreviewed", "level", "reasons"),
    TABLE,
    ids=[row[0] for row in TABLE],
)
def test_the_truth_table(
    name: str,
    standing: str,
    before: int | str,
    where: str,
    seen: tuple[int, str] | None,
    unreviewed: str,
    level: str,
    reasons: str,
) -> None:
    sightings = () if seen is None else (Sighting(LONDON, NOW - timedelta(hours=seen[0]), seen[1] == "this"),)
    history = History(
        standing=Standing(standing),
        signed_in_before=before != 0,
        countries=frozenset({"GB"}) if before == 3 else frozenset(),
        sightings=sightings,
        unreviewed=OPEN[unreviewed],
    )
    verdict = classify(history, ClientInfo("192.0.2.1", "", Client(), PLACES[where]), NOW)
    assert verdict == Verdict(Level(level), tuple(map(Reason, reasons.split())))


def test_the_page_has_the_same_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "risk.md").read_text(encoding="utf-8")
    rows = [
        f"| {name} | {level or 'ordinary'} | {', '.join(f'`{reason}`' for reason in reasons.split()) or 'none'} |"
        for name, *_given, level, reasons in TABLE
    ]
    assert "|---|---|---|\n" + "\n".join(rows) + "\n\n" in page


def test_a_place_alone_never_flags() -> None:
    """Whatever the places: a known device that had the time to get there is ordinary."""
    for place in PLACES.values():
        history = History(
            standing=Standing.KNOWN,
            signed_in_before=True,
            countries=frozenset({"SE"}),
            sightings=(Sighting(LONDON, NOW - timedelta(days=2), same_device=True),),
        )
        assert classify(history, ClientInfo(None, "", Client(), place), NOW) == ORDINARY


@pytest.mark.parametrize(
    ("kilometres", "hours", "reasons"),
    [
        (499.5, 0.1, ()),
        (500.5, 0.1, (Reason.IMPOSSIBLE_TRAVEL,)),
        (1999, 2, ()),
        (2001, 2, (Reason.IMPOSSIBLE_TRAVEL,)),
    ],
)
def test_too_fast_is_more_than_1000_kmh_over_500_km_or_more(
    kilometres: float, hours: float, reasons: tuple[Reason, ...]
) -> None:
    """Along the equator, where a degree is 111.19 km."""
    there = Place(latitude=0.0, longitude=0.0, radius_km=0)
    here = Place(latitude=0.0, longitude=kilometres / 111.19508, radius_km=0)
    history = History(
        standing=Standing.KNOWN,
        signed_in_before=True,
        sightings=(Sighting(there, NOW - timedelta(hours=hours), same_device=True),),
    )
    assert classify(history, ClientInfo(None, "", Client(), here), NOW).reasons == reasons


@pytest.mark.parametrize(
    ("before", "now", "reasons"),
    [
        (Client(browser="Firefox", system="Linux"), Client(browser="Firefox", system="Linux"), ()),
        (
            Client(browser="Firefox", browser_version="144", system="Linux"),
            Client(browser="Firefox", browser_version="145", system="Linux"),
            (),
        ),
        (Client(browser="Firefox", system="Linux"), Client(browser="Firefox"), ()),
        (Client(), Client(browser="Firefox", system="Linux"), ()),
        (
            Client(browser="Firefox", system="Linux"),
            Client(browser="Chrome", system="Linux"),
            (Reason.CHANGED_CLIENT,),
        ),
        (
            Client(browser="Firefox", system="Linux"),
            Client(browser="Firefox", system="Windows"),
            (Reason.CHANGED_CLIENT,),
        ),
    ],
)
def test_a_client_that_changes_in_the_middle(
    before: Client, now: Client, reasons: tuple[Reason, ...]
) -> None:
    verdict = changed_midway(before, now)
    assert verdict == (Verdict(Level.SUSPICIOUS, reasons) if reasons else ORDINARY)
