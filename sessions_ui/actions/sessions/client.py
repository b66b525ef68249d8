"""Who asks, under this site's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sessions_ui.client import ClientInfo, client_info
from sessions_ui.conf import conf


def client_of(meta: Mapping[str, Any]) -> ClientInfo:
    """All that a request says of its client, and what may be kept of it (`STORE_ADDRESSES`)."""
    return client_info(
        meta,
        trusted=conf.trusted_proxies,
        proxy_header=conf.proxy_header,
        geoip_path=conf.geoip_path,
        geoip_asn_path=conf.geoip_asn_path,
        keep_address=conf.store_addresses,
    )
