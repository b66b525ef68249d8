"""The place of an address."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from sessions_ui.client.address import Address, parse_address
from sessions_ui.client.info import Place
from sessions_ui.client.place.files import DataFile, DataFiles
from sessions_ui.client.place.licence import is_from_dbip
from sessions_ui.client.place.schema import Content, without_suburb


class Places:
    """What the files at `paths` say of places, and those at `network_paths` of the networks' names.

    Paths are those of files or of folders; files for IPv4 and IPv6 may be two.
    """

    def __init__(self, paths: tuple[str, ...], network_paths: tuple[str, ...] = ()) -> None:
        self._places = DataFiles(paths, lambda content: content >= Content.COUNTRIES)
        self._networks = DataFiles(network_paths, lambda content: content == Content.NETWORKS)

    def files(self) -> tuple[DataFile, ...]:
        """Return what is open at this moment."""
        return self._places.current() + self._networks.current()

    def of(self, address: str | None) -> Place | None:
        """Return the place of an address: None for unknown, `Place(private=True)` for one that is nowhere (RFC 1918,
        loopback, documentation networks and their like). Never raises."""
        parsed = parse_address(address) if address else None
        if parsed is None:
            return None
        if not parsed.is_global:
            return Place(private=True)
        place = self._place_of(parsed)
        network = self._network_of(parsed)
        return replace(place or Place(), network=network) if network else place

    def _place_of(self, address: Address) -> Place | None:
        for file in self._places.current():
            place = file.find(address)
            if place is not None:
                return replace(place, city=without_suburb(place.city)) if is_from_dbip(file) else place
        return None

    def _network_of(self, address: Address) -> str:
        found = (file.find(address) for file in self._networks.current())
        return next((place.network for place in found if place is not None), "")


@lru_cache(maxsize=64)
def places_in(paths: tuple[str, ...], network_paths: tuple[str, ...] = ()) -> Places:
    """Return the `Places` of a configuration, always the same one, because it keeps the files open."""
    return Places(paths, network_paths)


def place_of(address: str | None, *paths: str) -> Place | None:
    return places_in(paths).of(address)
