"""MaxMind's files, and those of DB-IP that are made like them: read by MaxMind's own reader."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

from geoip2.database import Reader
from geoip2.errors import AddressNotFoundError
from geoip2.models import ASN, ISP, City, Country
from maxminddb import InvalidDatabaseError

from sessions_ui.client.address import Address
from sessions_ui.client.info import Place
from sessions_ui.client.place.reader import DamagedFile
from sessions_ui.client.place.schema import code, degrees, radius, text


class NestedReader:
    """City, Country, Enterprise, ASN and ISP files, by geoip2 (the extra `places`)."""

    def __init__(self, path: Path, method: str) -> None:
        """Open the file. `method`: which of geoip2's reader to use. Raises `OSError` and
        `maxminddb.InvalidDatabaseError`."""
        # People come from few addresses, and geoip2 makes a dozen objects of each record. The file never changes: one
        # that takes its place has another reader (`files.py`).
        self._answer = lru_cache(maxsize=1024)(partial(_answer, getattr(Reader(path), method)))

    def find(self, address: Address) -> Place | None:
        return self._answer(address)


def _answer(look_up: Callable[[Address], Country | ASN], address: Address) -> Place | None:
    try:
        answer = look_up(address)
        return _network(answer) if isinstance(answer, ASN) else _place(answer)
    except AddressNotFoundError:
        return None
    # geoip2 takes every part of a record for what it should be: a word in place of a mapping is a TypeError.
    except (InvalidDatabaseError, ValueError, TypeError, AttributeError) as error:
        raise DamagedFile(str(error)) from error


def _place(answer: Country) -> Place:
    country_code, country = code(answer.country.iso_code), text(answer.country.name)
    if not isinstance(answer, City):
        return Place(country_code=country_code, country=country)
    return Place(
        country_code=country_code,
        country=country,
        region=text(answer.subdivisions.most_specific.name),
        city=text(answer.city.name),
        latitude=degrees(answer.location.latitude, 90),
        longitude=degrees(answer.location.longitude, 180),
        radius_km=radius(answer.location.accuracy_radius),
    )


def _network(answer: ASN) -> Place:
    provider = answer.isp if isinstance(answer, ISP) else None
    return Place(network=text(answer.autonomous_system_organization or provider))
