"""Small files in every schema that is in use, written where a test wants them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from mmdb_writer import MMDBWriter
from netaddr import IPSet

LONDON, LINKOEPING, GOOGLE_V6 = "81.2.69.142", "89.160.20.112", "2001:4860:4860::8888"


def nested(country: str = "GB", city: str = "London", **location: Any) -> dict[str, Any]:
    """As MaxMind and DB-IP write it."""
    return {
        "city": {"names": {"en": city, "ja": "ロンドン"}},
        "country": {"iso_code": country, "names": {"en": {"GB": "United Kingdom"}.get(country, country)}},
        "location": {"latitude": 51.5142, "longitude": -0.0931, **location},
        "subdivisions": [{"names": {"en": "England"}}, {"names": {"en": "Greater London"}}],
    }


def flat(country: str = "GB", city: str = "London") -> dict[str, Any]:
    """As the npm packages of ip-location-db write it."""
    return {
        "country_code": country,
        "state1": "England",
        "state2": "",
        "city": city,
        "postcode": "",
        "latitude": 51.51430130004883,
        "longitude": -0.09122440218925476,
        "timezone": "",
    }


def asn(name: str) -> dict[str, Any]:
    return {"autonomous_system_number": 20712, "autonomous_system_organization": name}


def write(
    path: Path,
    records: dict[str, dict[str, Any]],
    *,
    kind: str = "Test-City",
    ip_version: int = 6,
    built_at: datetime | None = None,
) -> Path:
    """`records`: network -> record. `built_at`: default now. Moved over what was there before."""
    writer = MMDBWriter(
        ip_version=ip_version,
        ipv4_compatible=ip_version == 6,
        database_type=kind,
        languages=["en"],
        int_type="auto",
    )
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    new = path.with_suffix(".new")
    with time_machine.travel(built_at or datetime.now(UTC), tick=False):
        writer.to_db_file(str(new))
    return new.replace(path)


def uninstall_geoip2(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it were not installed: what has been imported of ours is forgotten, and geoip2 is not found again."""
    monkeypatch.delitem(sys.modules, "sessions_ui.client.place.nested", raising=False)
    monkeypatch.setitem(sys.modules, "geoip2.database", None)
