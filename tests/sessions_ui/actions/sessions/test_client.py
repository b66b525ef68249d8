"""What is known of the client of a request, by the settings of the site."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from sessions_ui import client_network
from sessions_ui.actions.sessions.client import client_of

PROXY = "10.0.0.7"


def network(**headers: str) -> str:
    return client_network(RequestFactory().get("/", **headers))  # type: ignore[arg-type]


@pytest.fixture
def behind_a_proxy(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TRUSTED_PROXIES": ["10.0.0.0/8"]}


@pytest.mark.usefixtures("behind_a_proxy")
def test_a_limit_counts_the_client_behind_the_proxy_and_nobody_else_behind_it() -> None:
    own = network(REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR="1.2.3.4, 81.2.69.142")
    assert own == "81.2.69.142"
    assert network(REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR="81.2.69.143") != own


def test_a_limit_counts_all_addresses_of_an_ipv6_network_as_one_and_those_of_the_next_apart() -> None:
    own = network(REMOTE_ADDR="2001:db8:1:2::1")
    assert own == network(REMOTE_ADDR="2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert network(REMOTE_ADDR="2001:db8:1:3::1") != own


@pytest.mark.parametrize("address", ["", "unknown"])
def test_what_cannot_be_known_is_empty(address: str) -> None:
    assert network(REMOTE_ADDR=address) == ""


@pytest.mark.parametrize(
    ("setting", "kept"), [({}, "81.2.69.142"), ({"STORE_ADDRESSES": "network"}, "81.2.69.0")]
)
def test_of_an_address_no_more_is_kept_than_the_site_allows(
    setting: dict[str, str], kept: str, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **setting}
    assert client_of({"REMOTE_ADDR": "81.2.69.142"}).address == kept
