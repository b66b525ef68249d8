"""What a later request adds to what is known of a client, and what it must not take away."""

from __future__ import annotations

import pytest

from sessions_ui.client import Client, contradicts, improved

CHROME = Client(kind="computer", browser="Chrome", browser_version="141", system="Windows")


def test_unknowns_are_filled() -> None:
    new = Client("computer", "Dell", "XPS", "Chrome", "141", "Windows", "11")
    assert improved(CHROME, new) == new


def test_no_known_name_becomes_unknown() -> None:
    assert improved(CHROME, Client()) == CHROME


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        ("141", "141.0.7390.54", "141.0.7390.54"),
        ("141.0.7390.54", "141", "141.0.7390.54"),
        ("141.0.7390.54", "142", "142"),
        ("14", "141", "141"),
        ("141", "", "141"),
        ("", "141", "141"),
    ],
)
def test_a_version_becomes_newer_or_more_exact(old: str, new: str, kept: str) -> None:
    before, after = (
        Client(browser="Chrome", browser_version=old),
        Client(browser="Chrome", browser_version=new),
    )
    assert improved(before, after).browser_version == kept


def test_hints_unmask_a_browser_and_their_absence_masks_it_no_more() -> None:
    brave = Client("computer", "", "", "Brave", "142", "Windows", "11")
    assert improved(CHROME, brave) == brave
    assert improved(brave, CHROME) == brave


def test_vivaldi_does_not_get_the_version_of_the_chrome_it_looks_like() -> None:
    vivaldi = Client(browser="Vivaldi", browser_version="7.6")
    assert improved(vivaldi, Client(browser="Chrome", browser_version="142")) == vivaldi


def test_a_mac_that_turns_out_to_be_an_ipad_changes_kind_and_model() -> None:
    mac = Client("computer", "Apple", "Mac", "Safari", "26.1", "macOS")
    ipad = Client("tablet", "Apple", "iPad", "Safari", "26.1", "iPadOS")
    assert improved(mac, ipad) == ipad
    assert improved(ipad, mac) == ipad


def test_a_version_of_ios_that_is_no_longer_told_is_forgotten_with_the_next_safari() -> None:
    before = Client("phone", "Apple", "iPhone", "Safari", "18.5", "iOS", "18.5")
    after = Client("phone", "Apple", "iPhone", "Safari", "26.1", "iOS", "")
    assert improved(before, after).system_version == ""


@pytest.mark.parametrize(
    ("browser", "system"), [("Firefox", "Windows"), ("Chrome", "macOS"), ("Edge", "Windows"), ("Opera", "")]
)
def test_another_family_or_system_is_another_client(browser: str, system: str) -> None:
    other = Client(browser=browser, browser_version="150", system=system)
    assert contradicts(CHROME, other) and contradicts(other, CHROME)
    assert improved(CHROME, other) is CHROME


@pytest.mark.parametrize(
    "other", [Client(), Client(browser="Brave"), Client(browser="Chrome", browser_version="9")]
)
def test_the_unknown_the_unmasked_and_other_versions_contradict_nothing(other: Client) -> None:
    assert not contradicts(CHROME, other) and not contradicts(other, CHROME)
