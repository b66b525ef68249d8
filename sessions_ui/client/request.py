"""All that one request says of its client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sessions_ui.client.address import Network, client_address
from sessions_ui.client.info import ClientInfo
from sessions_ui.client.place import place_of
from sessions_ui.client.user_agent import cut, parse


def client_info(meta: Mapping[str, Any], *, trusted: Iterable[Network], geoip_path: str) -> ClientInfo:
    """From a WSGI-like `META`. Never raises, whatever the headers hold."""
    address = client_address(meta, trusted)
    user_agent = cut(str(meta.get("HTTP_USER_AGENT", "")))
    return ClientInfo(
        address=address,
        user_agent=user_agent,
        client=parse(user_agent),
        place=place_of(address, geoip_path),
    )
