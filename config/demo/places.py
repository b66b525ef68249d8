"""The demo's place file: a few networks that MaxMind publishes as examples, written like a real City file.

It holds no guess: an address that is not listed has no place. A real site uses a real file (`GEOIP_PATH`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet


@dataclass(frozen=True, slots=True)
class Place:
    network: str
    country: tuple[str, str]
    region: tuple[str, str]
    city: str
    latitude: float
    longitude: float
    radius_km: int


GREAT_BRITAIN, SWEDEN = ("GB", "United Kingdom"), ("SE", "Sweden")
CHINA, UNITED_STATES = ("CN", "China"), ("US", "United States")
PLACES = [
    Place("81.2.69.142/31", GREAT_BRITAIN, ("ENG", "England"), "London", 51.5142, -0.0931, 10),
    Place("2.125.160.216/29", GREAT_BRITAIN, ("ENG", "England"), "Boxford", 51.75, -1.25, 100),
    Place("89.160.20.112/28", SWEDEN, ("E", "Östergötland County"), "Linköping", 58.4167, 15.6167, 76),
    Place("175.16.199.0/24", CHINA, ("22", "Jilin Sheng"), "Changchun", 43.88, 125.3228, 100),
    Place("216.160.83.56/29", UNITED_STATES, ("WA", "Washington"), "Milton", 47.2513, -122.3149, 22),
]


def write_places(path: Path) -> None:
    """Write the file beside the target and move it over that: a reader that has the old file open keeps it."""
    writer = MMDBWriter(
        ip_version=6,
        ipv4_compatible=True,
        database_type="Demo-City",  # geoip2 looks for "City" here
        languages=["en"],
        description="Example networks for the demo of sessions-ui",
    )
    for place in PLACES:
        writer.insert_network(IPSet([place.network]), _record(place))
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    writer.to_db_file(str(fresh))
    fresh.replace(path)


def _record(place: Place) -> dict[str, Any]:
    country_code, country = place.country
    region_code, region = place.region
    return {
        "city": {"names": {"en": place.city}},
        "subdivisions": [{"iso_code": region_code, "names": {"en": region}}],
        "country": {"iso_code": country_code, "names": {"en": country}},
        "location": {
            "latitude": place.latitude,
            "longitude": place.longitude,
            "accuracy_radius": place.radius_km,
        },
    }
