"""Whose address it is, with proxies in between."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_ui.client.address import client_address, kept, same_network

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("81.2.69.142", None, "81.2.69.142"),
        # Nobody but a trusted proxy may say who the client is.
        ("81.2.69.142", "1.1.1.1", "81.2.69.142"),
        ("10.0.0.1", "81.2.69.142", "81.2.69.142"),
        # What stands left of the first untrusted address was written by whoever is not trusted.
        ("10.0.0.1", "6.6.6.6, 81.2.69.142, 10.0.0.2", "81.2.69.142"),
        ("10.0.0.1", "81.2.69.142:5123", "81.2.69.142"),
        ("10.0.0.1", "[2001:db8::7]:443", "2001:db8::7"),
        ("10.0.0.1", "2001:DB8:0::7", "2001:db8::7"),
        ("2001:db8:ffff::1", "81.2.69.142", "81.2.69.142"),
        ("::ffff:10.0.0.1", "::ffff:81.2.69.142", "81.2.69.142"),
        ("fe80::1%eth0", None, "fe80::1"),
        # Everything in the chain is ours: the leftmost is the client.
        ("10.0.0.1", "10.0.0.9", "10.0.0.9"),
        ("10.0.0.1", None, "10.0.0.1"),
        # An empty element is none.
        ("10.0.0.1", "81.2.69.142, ", "81.2.69.142"),
        ("10.0.0.1", "81.2.69.142,,10.0.0.2", "81.2.69.142"),
        ("10.0.0.1", ", ,", "10.0.0.1"),
        # Junk is unknown, and so is a peer without an address.
        ("10.0.0.1", "unknown", None),
        ("10.0.0.1", "'; DROP TABLE", None),
        ("junk", None, None),
        ("", None, None),
        # A Unix socket has no peer address: the proxy behind it is of this machine.
        ("", "81.2.69.142", "81.2.69.142"),
    ],
)
def test_the_chain_of_proxies_is_walked_from_the_right(
    peer: str, forwarded: str | None, expected: str | None
) -> None:
    meta = {"REMOTE_ADDR": peer} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})
    assert client_address(meta, PROXIES) == expected


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("for=81.2.69.142;proto=https;by=10.0.0.1", "81.2.69.142"),
        ('for="[2001:db8::7]:443"', "2001:db8::7"),
        ("For=6.6.6.6, for=81.2.69.142, for=10.0.0.3", "81.2.69.142"),
        ("for=81.2.69.142, ", "81.2.69.142"),
        ("for=_hidden", None),
        ("proto=https", None),
    ],
)
def test_the_forwarded_header_of_rfc_7239_is_read(forwarded: str, expected: str | None) -> None:
    meta = {"REMOTE_ADDR": "10.0.0.1", "HTTP_FORWARDED": forwarded}
    assert client_address(meta, PROXIES) == expected
    # What the client wrote into the other header passed the proxy as it was.
    assert client_address({**meta, "HTTP_X_FORWARDED_FOR": "7.7.7.7"}, PROXIES, "Forwarded") == expected


@pytest.mark.parametrize("header", ["", "X-Forwarded-For"])
def test_nobody_forges_an_address_in_the_header_that_the_proxy_does_not_write(header: Any) -> None:
    """nginx appends to `X-Forwarded-For` and lets a client's `Forwarded` pass."""
    meta = {
        "REMOTE_ADDR": "10.0.0.1",
        "HTTP_X_FORWARDED_FOR": "81.2.69.142",
        "HTTP_FORWARDED": "for=6.6.6.6",
    }
    assert client_address(meta, PROXIES, header) == "81.2.69.142"


def test_the_header_that_is_not_named_is_not_read() -> None:
    meta = {"REMOTE_ADDR": "10.0.0.1", "HTTP_FORWARDED": "for=6.6.6.6"}
    assert client_address(meta, PROXIES, "X-Forwarded-For") == "10.0.0.1"
    meta = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "6.6.6.6"}
    assert client_address(meta, PROXIES, "Forwarded") == "10.0.0.1"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("81.2.69.142", "81.2.69.142", True),
        ("81.2.69.142", "81.2.69.143", False),
        ("::ffff:81.2.69.142", "81.2.69.142", True),
        # Privacy extensions change the lower half every day.
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("81.2.69.142", "2001:db8::1", False),
        (None, None, False),
        ("", "81.2.69.142", False),
        ("junk", "junk", False),
    ],
)
def test_ipv6_is_compared_by_its_network(one: str | None, other: str | None, same: bool) -> None:
    assert same_network(one, other) is same
    assert same_network(other, one) is same


@given(st.text(), st.text(), st.text())
def test_no_header_makes_it_raise(peer: str, forwarded_for: str, forwarded: str) -> None:
    for meta in (
        {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded_for},
        {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": forwarded_for, "HTTP_FORWARDED": forwarded},
    ):
        client_address(meta, PROXIES)


@pytest.mark.parametrize(
    ("address", "how", "stored"),
    [
        ("81.2.69.142", "full", "81.2.69.142"),
        ("81.2.69.142", "network", "81.2.69.0"),
        ("2001:db8:1:2::1", "full", "2001:db8:1:2::1"),
        ("2001:db8:1:2::1", "network", "2001:db8:1::"),
        ("81.2.69.142", "none", None),
        (None, "network", None),
    ],
)
def test_no_more_of_an_address_is_kept_than_is_allowed(
    address: str | None, how: str, stored: str | None
) -> None:
    assert kept(address, how) == stored
