"""Read what the app knows of the client of a request, by the site's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from sessions_ui.client import ClientInfo, client_info
from sessions_ui.client.address import client_address, network_of
from sessions_ui.client.request_id import request_id
from sessions_ui.conf import conf


def client_of(meta: Mapping[str, Any], *, is_app: bool = False) -> ClientInfo:
    """Return the client information of a request, by the site's settings.

    That is all that it says, and what may be kept of it (`STORE_ADDRESSES`). `is_app`: it is an app, which may say in
    a header of its own what it is (`X-App`).
    """
    return client_info(
        meta,
        trusted=conf.trusted_proxies,
        proxy_header=conf.proxy_header,
        geoip_path=conf.geoip_path,
        geoip_asn_path=conf.geoip_asn_path,
        keep_address=conf.store_addresses,
        is_app=is_app,
    )


def client_network(request: HttpRequest) -> str:
    """Return what a rate limit counts by: the client's IPv4 address or the /64 of its IPv6 address, empty if unknown.

    In an IPv6 network a client can take another address for each try. Whose address it is with proxies in between is
    decided as for the devices page, by `TRUSTED_PROXIES` and `PROXY_HEADER`; whatever the headers hold, nothing is
    raised.
    """
    return network_in(request.META)


def network_in(meta: Mapping[str, Any]) -> str:
    """Return the same for the headers of a request."""
    return network_of(client_address(meta, conf.trusted_proxies, conf.proxy_header))


def request_id_of(meta: Mapping[str, Any]) -> str:
    """Return what a trusted proxy calls the request (`REQUEST_ID_HEADER`), or a name that is made for it."""
    return request_id(meta, trusted=conf.trusted_proxies, header=conf.request_id_header)
