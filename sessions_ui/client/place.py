"""Where an address is, from a City or Country file (geoip2)."""

from __future__ import annotations

import logging
from ipaddress import ip_address
from pathlib import Path
from threading import Lock

from geoip2.database import Reader
from geoip2.errors import AddressNotFoundError
from maxminddb import InvalidDatabaseError

from sessions_ui.client.info import Place

logger = logging.getLogger(__name__)


class PlaceFile:
    """One place file, opened at the first look-up and again when the file was replaced (other inode or time).

    The old reader is not closed: another thread may be looking something up in it.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._lock = Lock()
        self._stamp: tuple[int, int] | None = None
        self._reader: Reader | None = None

    def reader(self) -> Reader | None:
        try:
            stat = self.path.stat()
        except OSError:
            return None
        stamp = (stat.st_ino, stat.st_mtime_ns)
        if stamp != self._stamp:
            with self._lock:
                if stamp != self._stamp:
                    try:
                        self._reader = Reader(str(self.path))
                    except (OSError, InvalidDatabaseError) as error:
                        logger.warning("The place file cannot be opened: %s", error)
                        self._reader = None
                    self._stamp = stamp
        return self._reader

    def look_up(self, address: str) -> Place | None:
        """The place of a normalised address. None where the file does not know it."""
        reader = self.reader()
        if reader is None:
            return None
        try:
            if "City" in reader.metadata().database_type:
                return _from_city(reader, address)
            country = reader.country(address).country
            return Place(country_code=country.iso_code or "", country=country.name or "")
        except (AddressNotFoundError, ValueError, TypeError):
            return None  # unknown here, v6 in a v4 file, not a City or Country file: a normal answer


def _from_city(reader: Reader, address: str) -> Place:
    found = reader.city(address)
    return Place(
        country_code=found.country.iso_code or "",
        country=found.country.name or "",
        region=found.subdivisions.most_specific.name or "",
        city=found.city.name or "",
        latitude=found.location.latitude,
        longitude=found.location.longitude,
        radius_km=found.location.accuracy_radius,
    )


_files: dict[str, PlaceFile] = {}


def place_of(address: str | None, path: str) -> Place | None:
    """Where `address` is according to the file at `path`; None for unknown, `Place(private=True)` for an address
    that is nowhere (RFC 1918, loopback, documentation networks and their like)."""
    if not address:
        return None
    if not ip_address(address).is_global:
        return Place(private=True)
    if not path:
        return None
    return _files.setdefault(path, PlaceFile(path)).look_up(address)
