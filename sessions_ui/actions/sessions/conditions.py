"""Conditions on sessions that more than one search has: how they were signed in, and from where."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.db import connections
from django.db.models import BooleanField, Func, Q, Value

from sessions_ui.models.session import MOVED, SessionQuerySet

Network = IPv4Network | IPv6Network


def signed_in_by(method: str) -> Q:
    """Return the condition for "password" and "password+totp", but not for "password_reset"; or for a provider."""
    return (
        Q(method=method)
        | Q(method__startswith=f"{method}+")
        | Q(method__endswith=f"+{method}")
        | Q(method__contains=f"+{method}+")
        | Q(provider=method)
    )


def in_network(rows: SessionQuerySet, text: str) -> Q:
    """Return the condition for a session whose address, of the sign-in or now, is in this network (CIDR) or is this
    address.

    Only PostgreSQL calculates with addresses: elsewhere one more statement reads those that `rows` have.
    """
    network = ip_network(text, strict=False)
    if network.num_addresses == 1:
        address = str(network.network_address)
        return Q(first_address=address) | Q(MOVED, address=address)  # each has an index
    if connections[rows.db].vendor == "postgresql":
        return Q(_Within("first_address", network)) | Q(_Within("address", network))
    pairs = rows.order_by().values_list("first_address", "address").distinct()
    found = {one for pair in pairs for one in pair if one and ip_address(one) in network}
    return Q(first_address__in=found) | Q(address__in=found)


class _Within(Func):
    """PostgreSQL's `address <<= network`."""

    template = "%(expressions)s"
    arg_joiner = " <<= "
    output_field = BooleanField()

    def __init__(self, column: str, network: Network) -> None:
        super().__init__(column, Func(Value(str(network)), template="CAST(%(expressions)s AS inet)"))
