"""Where the rows of a page lead: to what Django's `reverse()` says, which is asked once for each kind of address."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse, set_script_prefix

from sessions_ui.web.devices.overview import addresses
from sessions_ui.web.devices.overview.addresses import Addresses

IDS = ["a" * 16, "0123456789abcdef"]
NAMES = ["device", "rename", "sign_out_device", "sign_out_session", "sign_out_folded"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("prefix", ["/", "/behind/a-proxy/"])
def test_an_address_is_what_reverse_says(name: str, prefix: str) -> None:
    set_script_prefix(prefix)
    page = Addresses()
    try:
        expected = [reverse(f"sessions_ui:{name}", args=[each]) for each in IDS]
        assert [page.of(name, each) for each in IDS] == expected
    finally:
        set_script_prefix("/")


def test_a_page_asks_once_for_each_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(name: str, args: Any) -> str:
        asked.append(name)
        return reverse(name, args=args)

    monkeypatch.setattr(addresses, "reverse", counted)
    page = Addresses()
    for each in IDS:
        page.of("device", each), page.of("rename", each)
    assert asked == ["sessions_ui:device", "sessions_ui:rename"]
