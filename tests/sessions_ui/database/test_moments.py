"""Moments with `USE_TZ` and without: they are converted in one module, and rightly there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.db import connection, models
from django.utils.timezone import override

from sessions_ui.database import moments
from sessions_ui.models.clock import DatabaseNow
from tests.models import Heartbeat

ROOT = site.BASE_DIR
# Each works for moments of one kind only, or takes the clock of the machine for that of the site.
CONVERTS = {
    "astimezone",
    "fromtimestamp",
    "is_aware",
    "is_naive",
    "localdate",
    "localtime",
    "make_aware",
    "make_naive",
    "template_localtime",
    "timestamp",
    "today",
    "utcfromtimestamp",
    "utcnow",
}
# Without a moment of a row: the date of a place file, which is aware whatever the setting, and the setting's own check.
ALLOWED = {
    ("client/place/files.py", "datetime.fromtimestamp"),
    ("client/place/files.py", "file.built_at.timestamp"),
    ("checks/outside/places.py", "datetime.now"),
    ("checks/project/setup.py", "timezone.is_naive"),  # of ADOPT_UNTIL
    ("assurance.py", "moment.astimezone"),  # aware everywhere, and in JSON
    ("assurance.py", "moment.astimezone(UTC).isoformat"),
}
SUMMER = datetime(2026, 7, 1, 12, tzinfo=UTC)


def conversions(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, owner = node.func.attr, ast.unparse(node.func.value)
        if name == "now" and owner in ("datetime", "datetime.datetime"):
            yield f"{owner}.{name}"
        if name in CONVERTS and not owner.startswith("moments."):
            yield f"{owner}.{name}"
        # Of a day it is the same everywhere.
        if name == "isoformat" and not owner.startswith("moments.") and owner != "day":
            yield f"{owner}.{name}"


def test_nothing_else_converts_moments() -> None:
    found = {
        (str(path.relative_to(ROOT / "sessions_ui")), conversion)
        for path in (ROOT / "sessions_ui").rglob("*.py")
        if "migrations" not in path.parts and path.name != "moments.py"
        for conversion in conversions(path)
    }
    assert found - ALLOWED == set()
    assert ALLOWED - found == set(), "no longer there"


def test_the_site_names_the_zone_of_the_rows() -> None:
    """Without it Django converts by the zone of whoever reads."""
    calls = [
        (path, node)
        for path in (ROOT / "accounts").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("make_aware", "make_naive")
    ]
    assert len(calls) == 2
    assert [path for path, node in calls if len(node.args) < 2] == []


@pytest.fixture
def naive(settings: Any) -> None:
    settings.USE_TZ, settings.TIME_ZONE = False, "Asia/Kathmandu"


@pytest.fixture
def known(settings: Any) -> None:
    settings.USE_TZ, settings.TIME_ZONE = True, "Asia/Kathmandu"


WALL = datetime(2026, 7, 1, 17, 45)


def test_what_is_stored_without_use_tz_is_the_wall_clock(naive: None) -> None:
    assert moments.stored(SUMMER) == moments.stored(WALL) == WALL
    assert moments.from_timestamp(SUMMER.timestamp()) == WALL
    assert moments.aware(WALL) == SUMMER and moments.aware(WALL).utcoffset() == timedelta(hours=5, minutes=45)
    assert moments.in_utc(WALL).isoformat() == "2026-07-01T12:00:00+00:00"
    assert moments.wall_clock() == timedelta(hours=5, minutes=45)


def test_what_is_stored_with_it_has_an_offset(known: None) -> None:
    assert moments.stored(SUMMER) is SUMMER and moments.stored(WALL) == SUMMER
    assert moments.from_timestamp(SUMMER.timestamp()) == moments.aware(SUMMER) == SUMMER
    assert moments.in_utc(SUMMER) == SUMMER and moments.wall_clock() == timedelta(0)


@pytest.mark.parametrize("use_tz", [True, False])
def test_a_moment_is_read_in_the_zone_of_the_reader(use_tz: bool, settings: Any) -> None:
    settings.USE_TZ, settings.TIME_ZONE = use_tz, "Asia/Kathmandu"
    with override(timezone(timedelta(hours=-5))):
        assert moments.local(moments.stored(SUMMER)).isoformat() == "2026-07-01T07:00:00-05:00"


def test_days_are_counted_as_the_database_can_count_them(settings: Any) -> None:
    settings.USE_TZ, settings.TIME_ZONE = False, "Asia/Kathmandu"
    late = datetime(2026, 7, 1, 23, 0)
    with override(timezone(timedelta(hours=9))):
        assert moments.day_of(late) == date(2026, 7, 1)
        assert moments.midnight(date(2026, 7, 1)) == datetime(2026, 7, 1)
        settings.USE_TZ = True
        assert moments.day_of(datetime(2026, 7, 1, 16, 0, tzinfo=UTC)) == date(2026, 7, 2)
        assert moments.midnight(date(2026, 7, 2)) == datetime(2026, 7, 1, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize("use_tz", [True, False])
def test_a_day_begins_where_its_reader_is(use_tz: bool, settings: Any) -> None:
    settings.USE_TZ, settings.TIME_ZONE = use_tz, "Asia/Kathmandu"
    with override(timezone(timedelta(hours=9))):
        began = moments.day_begins(date(2026, 7, 2))
        assert moments.in_utc(began) == datetime(2026, 7, 1, 15, 0, tzinfo=UTC)
        assert moments.local(began).date() == date(2026, 7, 2)


def test_the_hour_that_comes_twice_is_told_apart_where_the_moment_is_now(settings: Any) -> None:
    """Not in a row, which says nothing about it: there it is the first one."""
    settings.USE_TZ, settings.TIME_ZONE = False, "Europe/Berlin"
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert [moments.in_utc(moments.stored(each)) for each in (first, second)] == [first, second]
    row = moments.stored(second).replace(fold=0)
    assert moments.in_utc(row) == first


@pytest.mark.parametrize(
    ("zone", "changes"), [("UTC", False), ("Asia/Kathmandu", False), ("Europe/Berlin", True)]
)
def test_whose_clocks_are_put_forward_is_known(zone: str, changes: bool, settings: Any) -> None:
    settings.TIME_ZONE = zone
    assert moments.is_put_forward() is changes


@pytest.mark.django_db
@pytest.mark.databases("sqlite", "mysql")
@pytest.mark.parametrize("use_tz", [True, False])
def test_the_database_tells_the_time_as_it_is_stored(use_tz: bool, settings: Any) -> None:
    """PostgreSQL keeps instants, so its own clock is right whatever the setting; its connection knows the zone since it
    was made, so a process of its own asks there (tests/naive)."""
    settings.USE_TZ, settings.TIME_ZONE = use_tz, "Asia/Kathmandu"
    connection.ensure_connection()
    told = Heartbeat.objects.annotate(
        told=models.ExpressionWrapper(DatabaseNow(), output_field=models.TextField())
    ).values_list("told", flat=True)
    Heartbeat.objects.create(name="worker", seen_at=moments.stored(SUMMER))
    wall = datetime.now(UTC) + moments.wall_clock()
    difference = datetime.fromisoformat(str(told[0])).replace(tzinfo=UTC) - wall
    assert abs(difference) < timedelta(minutes=5)
