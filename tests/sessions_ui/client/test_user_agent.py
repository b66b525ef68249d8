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
        # Leading zeros are part of a version.
        ("Mozilla/5.0 (Linux; Ubuntu 24.04.1 LTS; en-US) PowerShell/7.4.6", "tool", "PowerShell", "7.4.6", "Ubuntu", "24.04.1"),
        # A headset is none of the kinds.
        (f"Mozilla/5.0 (X11; Linux x86_64; Quest 3) {WEBKIT} OculusBrowser/35.0.0 Chrome/126.0.0.0 VR Safari/537.36", "", "Oculus Browser", "35", "Android", ""),
        # A program nobody knows has the name that it gives itself.
        ("ExampleCli/1.4.2", "", "ExampleCli", "1.4.2", "", ""),
        ("ExampleApp/1.4.2 (iPhone; iOS 18.5; Scale/3.00)", "app", "ExampleApp", "1.4.2", "iOS", "18.5"),
        # Macs, phones and tablets share CFNetwork; only old versions are told apart.
        ("ExampleApp/3.2 CFNetwork/1568.300.101 Darwin/24.2.0", "app", "ExampleApp", "3.2", "", ""),
        ("ExampleApp/3.2 CFNetwork/978.0.7 Darwin/18.7.0 (x86_64)", "app", "ExampleApp", "3.2", "macOS", ""),
        # iPads ran iOS until 12.
        ("Mozilla/5.0 (iPad; CPU OS 12_5_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1", "tablet", "Safari", "12.1.2", "iOS", "12.5.7"),
        ("", "", "", "", "", ""),
        ("junk", "", "", "", "", ""),
    ],
)  # fmt: skip
def test_the_parser_names_browser_and_system(
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
