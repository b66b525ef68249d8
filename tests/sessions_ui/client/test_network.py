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
def test_an_address_that_is_not_public_has_no_place(address: str) -> None:
    assert not permitted(ip_address(address))


def test_what_the_operator_allows_is_permitted_in_every_spelling() -> None:
    allowed = [ip_network("10.0.0.0/24")]
    for address in ("10.0.0.7", "::ffff:10.0.0.7", "64:ff9b::a00:7"):
        assert permitted(ip_address(address), allowed)
    assert not permitted(ip_address("10.0.1.7"), allowed)


# IANA's special-purpose registries as of October 2025: what they call not globally reachable, or neither.
# https://www.iana.org/assignments/iana-ipv4-special-registry/ and .../iana-ipv6-special-registry/
REGISTRY = """
0.0.0.0/8 0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.0.0/29
192.0.0.8/32 192.0.0.170/32 192.0.0.171/32 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24
203.0.113.0/24 240.0.0.0/4 255.255.255.255/32 ::1/128 ::/128 64:ff9b:1::/48 100::/64 100:0:0:1::/64
2001::/23 2001::/32 2001:2::/48 2001:10::/28 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/10
"""


@pytest.mark.parametrize("text", REGISTRY.split())
def test_no_network_of_special_purpose_is_public_whatever_this_python_knows(text: str) -> None:
    network = ip_network(text)
    middle = network[network.num_addresses // 2]
    for address in (network[0], middle, network[-1]):
        assert not permitted(address), address


@pytest.mark.parametrize("text", ["192.0.0.8", "3fff::1", "3fff:fff:ffff::1", "::ffff:192.0.0.8"])
def test_what_some_pythons_call_global_is_not_public(text: str) -> None:
    assert not permitted(ip_address(text))


def test_what_lies_beside_a_network_of_special_purpose_is_public() -> None:
    for text in (
        "191.255.255.255",
        "192.0.1.1",
        "192.88.98.255",
        "192.88.100.0",
        "2001:200::1",
        "2003::1",
        "2620::1",
    ):
        assert permitted(ip_address(text)), text


def test_what_is_not_public_can_be_allowed_all_the_same() -> None:
    assert permitted(ip_address("3fff::1"), [ip_network("3fff::/20")])
