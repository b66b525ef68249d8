"""What is in the files that we read, and what of a record's values we believe.

| `database_type` | schema | read by |
|---|---|---|
| GeoLite2-City, GeoIP2-City, GeoIP2-Enterprise, DBIP-City-Lite, … | nested: `city.names.en`, … | geoip2 |
| GeoLite2-Country, GeoIP2-Country, DBIP-Country-Lite, … | nested, without the lower levels | geoip2 |
| GeoLite2-ASN, GeoIP2-ISP, "DBIP-ASN-Lite (compat=GeoLite2-ASN)" | `autonomous_system_organization` | geoip2 |
| "city ipv4", "country ipv6", … (ip-location-db's on npm) | flat: `country_code`, `state1`, `city`, … | maxminddb |
| "asn ipv4" and others of networks, which geoip2 refuses | `autonomous_system_organization`, `isp` | maxminddb |
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from sessions_ui.client.text import cut

# Parts of a name as long as they may be: a file is data from outside, and what it says is stored.
MAX_NAME = 128

# The word that a method of `geoip2.database.Reader` looks for in the type of a file, and the method. A type with two
# of the words ("DBIP-Location-ISP (compat=Enterprise)") is that of the first.
GEOIP2 = {
    "Enterprise": "enterprise",
    "City": "city",
    "Country": "country",
    "GeoLite2-ASN": "asn",
    "GeoIP2-ISP": "isp",
}


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


def geoip2_method(database_type: str) -> str:
    """Return the method of `geoip2.database.Reader` that reads such a file; empty where none does."""
    return next((method for word, method in GEOIP2.items() if word in database_type), "")


def text(value: Any) -> str:
    return cut(value, MAX_NAME) if isinstance(value, str) else ""


def code(value: Any) -> str:
    """Return the code of a country (ISO 3166-1 alpha-2), or nothing. The files write capitals, and "ZZ" or nothing
    where they do not know."""
    is_code = isinstance(value, str) and len(value) == 2 and value.isascii() and value.isalpha()
    return value.upper() if is_code and value.upper() != "ZZ" else ""


def degrees(value: Any, limit: int) -> float | None:
    # The flat files keep single precision ("51.51430130004883"): five places are a metre.
    return round(float(value), 5) if isinstance(value, int | float) and -limit <= value <= limit else None


def radius(value: Any) -> int | None:
    """Return the radius in kilometres."""
    return int(value) if isinstance(value, int | float) and value >= 0 else None


def without_suburb(city: str) -> str:
    """Return the city without its suburb, which is more than an address can tell: DB-IP writes "Berkeley (North
    Berkeley)"."""
    return city.partition(" (")[0]
