"""What is in the records of the files that we read.

| `database_type` | schema |
|---|---|
| GeoLite2-City, GeoIP2-City, GeoIP2-Enterprise, DBIP-City-Lite, … | nested: `city.names.en`, `location.latitude`, … |
| GeoLite2-Country, GeoIP2-Country, DBIP-Country-Lite, … | nested, without the lower levels |
| "city ipv4", "country ipv6", … (the npm packages of ip-location-db) | flat: `country_code`, `state1`, `city`, … |
| GeoLite2-ASN, GeoIP2-ISP, DBIP-ASN-Lite, "asn ipv4", … | `autonomous_system_organization` |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import IntEnum
from typing import Any

from sessions_ui.client.info import Place

# Parts of a name as long as they may be: a file is data from outside, and what it says is stored.
MAX_NAME = 128


class Content(IntEnum):
    """What a file knows; a greater one is preferred where several know an address."""

    UNUSABLE = 0
    NETWORKS = 1
    COUNTRIES = 2
    CITIES = 3


def content_of(database_type: str) -> Content:
    kind = database_type.lower()
    if "city" in kind or "enterprise" in kind:
        return Content.CITIES
    if "country" in kind:
        return Content.COUNTRIES
    if "asn" in kind or "isp" in kind:
        return Content.NETWORKS
    return Content.UNUSABLE


def is_flat(record: Mapping[str, Any]) -> bool:
    return "country_code" in record


def place_from(record: Mapping[str, Any], *, has_suburbs: bool = False) -> Place:
    """`has_suburbs`: DB-IP writes "Berkeley (North Berkeley)"; the suburb is more than an address can tell."""
    place = _from_flat(record) if is_flat(record) else _from_nested(record)
    if has_suburbs or is_flat(record):
        return replace(place, city=place.city.partition(" (")[0])
    return place


def network_from(record: Mapping[str, Any]) -> str:
    return _text(record.get("autonomous_system_organization") or record.get("isp"))


def _from_nested(record: Mapping[str, Any]) -> Place:
    country = _mapping(record.get("country"))
    location = _mapping(record.get("location"))
    regions = record.get("subdivisions")
    region = _mapping(regions[-1]) if isinstance(regions, list) and regions else {}
    return Place(
        country_code=_code(country.get("iso_code")),
        country=_name(country),
        region=_name(region),
        city=_name(_mapping(record.get("city"))),
        latitude=_degrees(location.get("latitude"), 90),
        longitude=_degrees(location.get("longitude"), 180),
        radius_km=_radius(location.get("accuracy_radius")),
    )


def _from_flat(record: Mapping[str, Any]) -> Place:
    return Place(
        country_code=_code(record.get("country_code")),
        region=_text(record.get("state1")),
        city=_text(record.get("city")),
        latitude=_degrees(record.get("latitude"), 90),
        longitude=_degrees(record.get("longitude"), 180),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _name(part: Mapping[str, Any]) -> str:
    return _text(_mapping(part.get("names")).get("en"))


def _text(value: Any) -> str:
    return "".join(char for char in value[:MAX_NAME] if char.isprintable()) if isinstance(value, str) else ""


def _code(value: Any) -> str:
    """ISO 3166-1 alpha-2; the files write capitals, and "ZZ" or nothing where they do not know."""
    is_code = isinstance(value, str) and len(value) == 2 and value.isascii() and value.isalpha()
    return value.upper() if is_code and value.upper() != "ZZ" else ""


def _degrees(value: Any, limit: int) -> float | None:
    # The flat files keep single precision ("51.51430130004883"): five places are a metre.
    return round(float(value), 5) if isinstance(value, int | float) and -limit <= value <= limit else None


def _radius(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and value >= 0 else None
