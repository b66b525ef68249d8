"""Whether a place file can be trusted with look-ups, before it takes the place of one that works."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from pathlib import Path

import maxminddb

from sessions_ui.client.address import Address
from sessions_ui.client.place.files import NOTHING, DataFile
from sessions_ui.client.place.reader import DamagedFile, MissingPackage, UnreadableFile
from sessions_ui.client.place.schema import Content

LOOK_UPS = 32_768  # of each family, spread evenly over what is routed
RECORDS = 256  # records read from the beginning of the file


class UnusableFile(Exception):
    """The file cannot be used; the text says what is wrong with it."""


def checked(path: Path) -> DataFile:
    """Open the file, read its first records, and look up addresses of both families all over it, so that damage in its
    middle shows: its metadata stands at the end. It takes a second. Raises `UnusableFile`."""
    try:
        file = DataFile.open(path)
        if file.content == Content.UNUSABLE:
            raise UnusableFile(
                f'{path.name} is of the type "{file.database_type}": no City, Country, ASN or ISP file.'
            )
        with maxminddb.open_database(path) as records:  # geoip2 cannot go through a file, and is slower
            first = (network.network_address for network, _ in islice(records, RECORDS))
            known = sum(file.reader.find(address) not in (None, NOTHING) for address in first)
            for address in _spread(file.ip_version):
                records.get(address)
    except MissingPackage as error:
        raise UnusableFile(f"{path.name} cannot be read: {error}") from error
    except (OSError, maxminddb.InvalidDatabaseError, UnreadableFile, DamagedFile, ValueError) as error:
        raise UnusableFile(f"{path.name} is damaged or no place file: {error}") from error
    if not known:
        raise UnusableFile(f"{path.name} holds nothing that can be read: its schema is unknown.")
    return file


def _spread(ip_version: int) -> Iterator[Address]:
    """Yield unicast addresses at even distances: all of IPv4 below 224.0.0.0, and 2000::/3 of IPv6."""
    for number in range(LOOK_UPS):
        yield IPv4Address(number * (224 << 24) // LOOK_UPS)
        if ip_version == 6:
            yield IPv6Address((1 << 125) + number * (1 << 125) // LOOK_UPS)
