"""The frozen values that describe a client. Every part may be unknown: an empty string or None, never a guess."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sessions_ui.client.marketing import marketing_name


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address is thought to be. Approximate: VPNs and mobile networks can be far off.

    `private` marks an address that has no place at all (RFC 1918 and its like). Degrees, kilometres.
    """

    private: bool = False
    country_code: str = ""
    country: str = ""
    region: str = ""
    city: str = ""
    latitude: float | None = None
    longitude: float | None = None
    radius_km: int | None = None
    network: str = ""

    @property
    def is_known(self) -> bool:
        """Return whether there is anything to name; a network's name is no place."""
        return bool(self.city or self.region or self.country or self.country_code)

    def to_dict(self) -> dict[str, Any]:
        """Return only what is known, for a JSON column."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "", False)}

    @classmethod
    def from_dict(cls, stored: dict[str, Any] | None) -> Place | None:
        return cls(**stored) if stored else None


@dataclass(frozen=True, slots=True)
class Client:
    """What a User-Agent and its hints say. `kind` is one of `Device.Kind`'s values."""

    kind: str = ""
    maker: str = ""
    model: str = ""
    browser: str = ""
    browser_version: str = ""
    system: str = ""
    system_version: str = ""

    @property
    def marketing_name(self) -> str:
        """What people call the model, where it is a code that the kept list knows; else empty."""
        return marketing_name(self.model)


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """One request's client: address (None if unknown), the raw user agent (512 characters at most), the rest parsed."""

    address: str | None
    user_agent: str
    client: Client
    place: Place | None
