# ruff: noqa: E501 -- user agents are as long as they are
"""What a User-Agent says, and what it must not be made to say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_ui.client.user_agent import MAX_USER_AGENT, cut, parse

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "kind", "browser", "version", "system", "system_version"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "computer", "Firefox", "145", "Linux", ""),
        # Windows 11 says "Windows NT 10.0" too: no version without client hints.
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36", "computer", "Chrome", "141", "Windows", ""),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", "computer", "Edge", "141", "Windows", ""),
        # macOS is frozen at 10.15.7 in user agents.
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15", "computer", "Safari", "18.6", "macOS", ""),
        # Android Chrome is "10; K", whatever the phone: no version and no model.
        (f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36", "phone", "Chrome", "141", "Android", ""),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", "phone", "Safari", "17.5", "iOS", "17.5"),
        ("", "", "", "", "", ""),
        ("junk", "", "", "", "", ""),
    ],
)  # fmt: skip
def test_it_names_browser_and_system(
    user_agent: str, kind: str, browser: str, version: str, system: str, system_version: str
) -> None:
    client = parse(user_agent)
    assert (client.kind, client.browser, client.browser_version) == (kind, browser, version)
    assert (client.system, client.system_version) == (system, system_version)


def test_the_placeholder_of_android_is_no_model() -> None:
    client = parse(f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36")
    assert (client.maker, client.model) == ("", "")


@given(st.text(max_size=2000))
def test_nothing_makes_it_raise_or_grow(user_agent: str) -> None:
    kept = cut(user_agent)
    assert len(kept) <= MAX_USER_AGENT and "\x00" not in kept
    client = parse(kept)
    assert all(len(part) <= 64 for part in (client.browser, client.system, client.maker, client.model))
