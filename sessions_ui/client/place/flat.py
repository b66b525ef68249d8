"""Files whose records are flat, which geoip2 refuses: those of ip-location-db on npm. Read by maxminddb."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maxminddb import InvalidDatabaseError, open_database

from sessions_ui.client.address import Address
from sessions_ui.client.info import Place
from sessions_ui.client.place.reader import DamagedFile
from sessions_ui.client.place.schema import code, degrees, text, without_suburb


class FlatReader:
    def __init__(self, path: Path) -> None:
        """Open the file. Raises `OSError` and `maxminddb.InvalidDatabaseError`."""
        self._reader = open_database(path)

    def find(self, address: Address) -> Place | None:
        try:
            record = self._reader.get(address)
        except (InvalidDatabaseError, ValueError) as error:
            raise DamagedFile(str(error)) from error
        return _place(record) if isinstance(record, dict) else None


def _place(record: Mapping[str, Any]) -> Place:
    return Place(
        country_code=code(record.get("country_code")),
        region=text(record.get("state1")),
        city=without_suburb(text(record.get("city"))),
        latitude=degrees(record.get("latitude"), 90),
        longitude=degrees(record.get("longitude"), 180),
        network=text(record.get("autonomous_system_organization") or record.get("isp")),
    )
