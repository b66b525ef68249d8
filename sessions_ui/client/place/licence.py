"""What the makers of the data ask for. As of November 2026; docs/places.md says more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sessions_ui.client.place.files import DataFile

OLD_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Attribution:
    """A text and where it has to lead, as the licence words them: never translated."""

    text: str
    url: str


# Creative Commons Attribution 4.0: "a link back to DB-IP.com on pages that display or use results".
DB_IP = Attribution("IP Geolocation by DB-IP", "https://db-ip.com")
# GeoLite End User License Agreement, "Attribution".
GEOLITE = Attribution("This product includes GeoLite Data created by MaxMind", "https://www.maxmind.com")


def attributions(files: Sequence[DataFile]) -> list[Attribution]:
    """Return what a page has to show that uses these files, each once. Data that is paid for asks for nothing."""
    return [
        *([DB_IP] if any(is_from_dbip(file) for file in files) else []),
        *([GEOLITE] if any(is_geolite(file) for file in files) else []),
    ]


def is_geolite(file: DataFile) -> bool:
    """Return whether it is GeoLite, whose data must be deleted within 30 days of a newer release (GeoLite EULA)."""
    return "geolite" in f"{file.database_type} {file.path.name}".lower()


def is_from_dbip(file: DataFile) -> bool:
    """Return whether it is DB-IP's. The flat files of ip-location-db name no maker ("city ipv4"): what is not called
    GeoLite is taken for DB-IP's."""
    kind = file.database_type.lower()
    return kind.startswith("dbip") or (" ipv" in kind and not is_geolite(file))
