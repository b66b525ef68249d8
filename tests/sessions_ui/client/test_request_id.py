"""What a request is called: only a trusted proxy's word counts, and it is bounded."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any

import pytest

from sessions_ui.client.request_id import request_id
from tests.models import Event

PROXIES = [ip_network("10.0.0.0/8")]
MADE = re.compile(r"[0-9a-f]{32}")


def named(given: str, peer: str | None = "10.0.0.1", header: str = "X-Request-ID", **meta: Any) -> str:
    told = {"HTTP_X_REQUEST_ID": given, **({"REMOTE_ADDR": peer} if peer is not None else {}), **meta}
    return request_id(told, trusted=PROXIES, header=header)


@pytest.mark.parametrize(
    "given",
    [
        "0af7651916cd43dd8448eb211c80319c",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "Root=1-67891233-abcdef012345678912345678",
        "a" * 64,
    ],
)
def test_what_a_trusted_proxy_says_is_taken(given: str) -> None:
    assert named(given) == given
    assert named(given, peer="") == given, "a Unix socket: whoever reaches it is of this machine"


@pytest.mark.parametrize(
    "given", ["", "a" * 65, "a b", "a\nb", "a\x00", "é", "<script>", "a;b", "a,b", "١٢٣"]
)
def test_what_is_too_long_or_has_other_characters_is_not(given: str) -> None:
    assert MADE.fullmatch(named(given))


@pytest.mark.parametrize("peer", ["192.0.2.1", "junk", "::1"])
def test_what_anybody_else_says_is_not(peer: str) -> None:
    assert MADE.fullmatch(named("known", peer=peer))


def test_without_proxies_or_without_a_header_it_is_made() -> None:
    assert MADE.fullmatch(request_id({"HTTP_X_REQUEST_ID": "known"}, trusted=[], header="X-Request-ID"))
    assert MADE.fullmatch(named("known", header=""))
    assert named("known", header="X-Trace", HTTP_X_TRACE="trace") == "trace"


def test_two_requests_are_never_called_alike() -> None:
    assert named("") != named("")


@pytest.mark.django_db
def test_the_events_of_a_request_carry_its_name(user: Any, browser: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TRUSTED_PROXIES": ["10.0.0.0/8"]}
    visitor = browser(address="10.0.0.1", HTTP_X_REQUEST_ID="req-1")
    visitor.sign_in(user)
    visitor.post("/account/logout/", HTTP_X_REQUEST_ID="req-2")
    told = Event.objects.order_by("pk").values_list("kind", "request_id")
    assert dict(told) == {Event.Kind.SIGNED_IN: "req-1", Event.Kind.ENDED: "req-2"}
