"""Whose address a request comes from, with proxies in between."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Literal, TypeAlias

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Kept: TypeAlias = Literal["full", "network", "none"]  # how much of an address is stored
ProxyHeader: TypeAlias = Literal["", "X-Forwarded-For", "Forwarded"]

MAX_HEADER = 2048  # what is longer is not a chain of proxies
FORWARDED_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^;\s]*))', re.IGNORECASE)


def parse_address(text: str) -> Address | None:
    """Parse an address from a header or the socket: `1.2.3.4`, `1.2.3.4:5678`, `[2001:db8::1]:5678`; None for junk.

    IPv4 addresses that are mapped to IPv6 (`::ffff:1.2.3.4`) are unwrapped, zone ids (`%eth0`) cut off.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def same_network(one: str | None, other: str | None) -> bool:
    """Return whether two addresses belong to one connection: equal in IPv4, in the same /64 in IPv6, of which one
    household or phone has a whole and changes within it every day. What is unknown matches nothing."""
    network = network_of(one)
    return network != "" and network == network_of(other)


def network_of(address: str | None) -> str:
    """Return what `same_network()` compares: an IPv4 address, the /64 of an IPv6 one, empty for unknown."""
    parsed = parse_address(address or "")
    if parsed is None:
        return ""
    return str(parsed) if parsed.version == 4 else f"{IPv6Address(int(parsed) >> 64 << 64)}/64"


def kept(address: str | None, how: Kept) -> str | None:
    """Return what is stored of a normalised address: all of it, its network (/24 of IPv4, /48 of IPv6, the rest zeros),
    or nothing."""
    if how == "full":
        return address
    parsed = parse_address(address or "")
    if parsed is None or how == "none":
        return None
    host_bits = 8 if parsed.version == 4 else 80
    return str(type(parsed)(int(parsed) >> host_bits << host_bits))


def forwarded_chain(meta: Mapping[str, Any], header: ProxyHeader = "") -> list[str]:
    """Return what the proxies wrote, client first: in `header`, or, where none is named, in `X-Forwarded-For` and only
    without it in `Forwarded` (RFC 7239). Never in both: a proxy passes the one that it does not write on from the
    client as it came. Empty elements of a list are no elements (RFC 9110, 5.6.1)."""
    written = str(meta.get("HTTP_X_FORWARDED_FOR", "")) if header != "Forwarded" else ""
    if written:
        return [text for text in written[-MAX_HEADER:].split(",") if text.strip()]
    forwarded = str(meta.get("HTTP_FORWARDED", ""))[-MAX_HEADER:] if header != "X-Forwarded-For" else ""
    if not forwarded:
        return []
    found = (FORWARDED_FOR.search(element) for element in forwarded.split(",") if element.strip())
    return [(match.group(1) or match.group(2) or "") if match else "" for match in found]


def is_within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def comes_from_proxy(meta: Mapping[str, Any], trusted: Iterable[Network]) -> bool:
    """Return whether the peer itself is a trusted proxy. One without an address is on a Unix socket of this machine,
    and counts as one where the site names any."""
    networks = tuple(trusted)
    peer_text = str(meta.get("REMOTE_ADDR") or "")
    if not peer_text or not networks:
        return bool(networks)
    peer = parse_address(peer_text)
    return peer is not None and is_within(peer, networks)


def client_address(
    meta: Mapping[str, Any], trusted: Iterable[Network], header: ProxyHeader = ""
) -> str | None:
    """Return the address of the client, normalised, or None where it cannot be known.

    Walks the chain from the right and stops at the first address that is not a trusted proxy: what stands further left
    was written by whoever is not trusted. A Unix socket has no peer address; whoever can reach it is a proxy of this
    machine. Junk in the header is "unknown", not an error.
    """
    networks = tuple(trusted)

    def is_trusted(address: Address) -> bool:
        return is_within(address, networks)

    peer_text = str(meta.get("REMOTE_ADDR") or "")
    peer = parse_address(peer_text)
    if peer is None and peer_text:
        return None
    if not networks or (peer is not None and not is_trusted(peer)):
        return str(peer) if peer else None
    for text in reversed(forwarded_chain(meta, header)):
        peer = parse_address(text)
        if peer is None:
            return None
        if not is_trusted(peer):
            break
    return str(peer) if peer else None
