"""Which addresses are public."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from sessions_ui.client.network import permitted


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "2001:4860:4860::8888", "2a00:1450::1", "64:ff9b::808:808"]
)
def test_public(address: str) -> None:
    assert permitted(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",  # metadata of clouds
        "100.64.0.1",  # shared by providers (CGNAT)
        "0.0.0.0",
        "224.0.0.1",
        "239.255.255.250",
        "255.255.255.255",
        "240.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::10.0.0.1",
        "64:ff9b::a00:1",  # 10.0.0.1 behind NAT64
        "2002:a00:1::",  # 10.0.0.1 by 6to4
        "2001:0:a00:1::",  # Teredo
        "2001:db8::1",
    ],
)
def test_not_public(address: str) -> None:
    assert not permitted(ip_address(address))


def test_what_the_operator_allows_is_permitted_in_every_spelling() -> None:
    allowed = [ip_network("10.0.0.0/24")]
    for address in ("10.0.0.7", "::ffff:10.0.0.7", "64:ff9b::a00:7"):
        assert permitted(ip_address(address), allowed)
    assert not permitted(ip_address("10.0.1.7"), allowed)
