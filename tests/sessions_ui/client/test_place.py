"""Where an address is, and that unknown is said as unknown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from sessions_ui.client import Place
from sessions_ui.client.place import place_of


def write(path: Path, country: str) -> None:
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test-City", languages=["en"])
    writer.insert_network(
        IPSet(["81.2.69.142/32"]), {"country": {"iso_code": country, "names": {"en": country}}}
    )
    new = path.with_suffix(".new")
    writer.to_db_file(str(new))
    new.replace(path)


def test_it_reads_a_city_file() -> None:
    place = place_of("81.2.69.142", settings.SESSIONS_UI["GEOIP_PATH"])
    assert (place.city, place.country_code) == ("London", "GB")


@pytest.mark.parametrize("address", ["10.1.2.3", "127.0.0.1", "::1", "fd00::1", "203.0.113.9"])
def test_an_address_that_is_nowhere_is_private(address: str) -> None:
    assert place_of(address, settings.SESSIONS_UI["GEOIP_PATH"]) == Place(private=True)


@pytest.mark.parametrize(
    ("address", "path"),
    [(None, "x"), ("81.2.69.142", ""), ("81.2.69.142", "/nowhere.mmdb"), ("9.9.9.9", "FILE")],
)
def test_what_cannot_be_known_is_none(address: str | None, path: str) -> None:
    path = settings.SESSIONS_UI["GEOIP_PATH"] if path == "FILE" else path
    assert place_of(address, path) is None


def test_a_file_that_is_no_place_file_makes_places_unknown(tmp_path: Path, caplog: Any) -> None:
    (tmp_path / "places.mmdb").write_bytes(b"junk")
    assert place_of("81.2.69.142", str(tmp_path / "places.mmdb")) is None


def test_a_replaced_file_is_read_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "places.mmdb"
    write(path, "GB")
    assert place_of("81.2.69.142", str(path)).country_code == "GB"
    write(path, "SE")
    assert place_of("81.2.69.142", str(path)).country_code == "SE"
