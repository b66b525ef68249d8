"""Which addresses a webhook may go to: public ones, and those that the operator has allowed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

PORTS = {"https": 443, "http": 80}  # by the scheme of the URL
PUBLIC_V6 = IPv6Network("2000::/3")  # all that has been given out so far (IANA)
TEREDO = IPv6Network("2001::/32")
SIX_TO_FOUR = IPv6Network("2002::/16")
# What an IPv6-only network makes of an IPv4 address (RFC 6052).
NAT64 = IPv6Network("64:ff9b::/96")
# What IANA's special-purpose registries (RFC 6890; of October 2025) call not globally reachable, or not at all, and
# the `ipaddress` of some Python that we support calls global.
NOT_PUBLIC = (
    IPv4Network("192.0.0.0/24"),  # IETF protocol assignments: until 3.11.10 and 3.12.4 only parts of it
    IPv4Network("192.88.99.0/24"),  # relays of 6to4, deprecated (RFC 7526)
    IPv6Network("2001::/23"),  # IETF protocol assignments; what is global in it (AMT, ORCHID) serves no HTTPS
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
)


def permitted(address: IPv4Address | IPv6Address, allowed: Iterable[IPv4Network | IPv6Network] = ()) -> bool:
    address = embedded(address)
    if any(address.version == network.version and address in network for network in allowed):
        return True
    if isinstance(address, IPv6Address) and address not in PUBLIC_V6:
        return False
    if any(address.version == network.version and address in network for network in NOT_PUBLIC):
        return False
    # is_global knows private, loopback, link-local, shared (CGNAT), documentation and benchmark networks.
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def embedded(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 one stands for, else the address itself: that is where the packets go in the
    end."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in SIX_TO_FOUR or address in TEREDO:
        # Tunnels that nobody needs any more, to anywhere: treated like an address that is never permitted.
        return IPv4Address(0)
    return address
