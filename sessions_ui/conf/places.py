"""Where addresses are (docs/places.md)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from sessions_ui.conf.base import Section

Paths: TypeAlias = str | Path | Iterable[str | Path] | None


class PlaceSettings(Section):
    """Where addresses are (docs/places.md)"""

    @cached_property
    def geoip_path(self) -> tuple[str, ...]:
        """Path of a City or Country file of MaxMind or DB-IP (.mmdb), of a folder that holds such files, or a list of
        paths (IPv4 and IPv6 may be two files). All but flat files need the package `geoip2` (the extra `places`).
        Empty: every place is "unavailable"."""
        return _paths(self._given.get("GEOIP_PATH"))

    @cached_property
    def geoip_asn_path(self) -> tuple[str, ...]:
        """Likewise for ASN or ISP files, which name the network that an address belongs to. Empty: no names."""
        return _paths(self._given.get("GEOIP_ASN_PATH"))

    @cached_property
    def geoipupdate_config(self) -> str:
        """Configuration file for MaxMind's `geoipupdate`, which `manage.py update_places` runs. Empty: where
        `geoipupdate` looks for it by itself (`/etc/GeoIP.conf`)."""
        return str(self._given.get("GEOIPUPDATE_CONFIG") or "")


def _paths(given: Paths) -> tuple[str, ...]:
    if not given:
        return ()
    several = [given] if isinstance(given, str | Path) else given
    return tuple(os.fspath(path) for path in several)
