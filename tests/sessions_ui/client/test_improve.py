# ruff: noqa: E501 -- user agents are as long as they are
"""What a later request adds to what is known of a client, and what it must not take away."""

from __future__ import annotations

from itertools import product

import pytest

from sessions_ui.client import Client, client_info, contradicts, improved
from sessions_ui.client.improve import BROWSERS, SYSTEMS

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


@pytest.mark.parametrize(
    ("looks", "is_"),
    [(mask.says, is_) for mask in BROWSERS for is_ in sorted(mask.may_be or {"ExampleShop"})],
)
def test_a_browser_that_looks_like_another_one_is_that_one_until_it_says_more(looks: str, is_: str) -> None:
    masked, plain = Client(browser=looks), Client(browser=is_)
    assert not contradicts(masked, plain) and not contradicts(plain, masked)
    assert improved(masked, plain).browser == improved(plain, masked).browser == is_


def test_a_version_of_ios_that_is_told_is_taken() -> None:
    before = Client("phone", "Apple", "iPhone", "Safari", "18.5", "iOS", "18.5")
    after = Client("phone", "Apple", "iPhone", "Safari", "26.1", "iOS", "26.1")
    assert improved(before, after).system_version == "26.1"


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


DISGUISES = [
    (disguise.says, system, browser)
    for disguise in SYSTEMS
    for system, browser in product(sorted(disguise.may_be), sorted(disguise.browsers or {"Some Browser"}))
]


@pytest.mark.parametrize(("says", "is_", "browser"), DISGUISES)
def test_a_disguise_is_the_same_client_and_what_is_behind_it_stays_known(
    says: str, is_: str, browser: str
) -> None:
    disguised, plain = Client(browser=browser, system=says), Client(browser=browser, system=is_)
    assert not contradicts(plain, disguised) and not contradicts(disguised, plain)
    assert improved(plain, disguised).system == improved(disguised, plain).system == is_
    assert contradicts(plain, Client(browser="Another Browser", system=says))


@pytest.mark.parametrize(
    ("says", "is_", "browser"),
    [
        ("macOS", "iOS", "Chrome"),
        ("macOS", "iOS", "Firefox"),
        ("macOS", "iOS", "Some App"),
        ("iPadOS", "iOS", "Some App"),
        ("Linux", "iOS", "Safari"),
        ("macOS", "Android", "Chrome"),
        ("Windows", "Android", "Chrome"),
        ("Windows", "iOS", "Safari"),
        ("Ubuntu", "Android", "Firefox"),
    ],
)
def test_no_other_system_is_a_disguise(says: str, is_: str, browser: str) -> None:
    one, other = Client(browser=browser, system=says), Client(browser=browser, system=is_)
    assert contradicts(one, other) and contradicts(other, one)


def test_an_unknown_browser_contradicts_no_disguise() -> None:
    assert not contradicts(Client(system="iOS"), Client(browser="Safari", system="macOS"))


MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36"
LINUX = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
DESKTOP_SITES = {
    "Safari of an iPhone": (
        f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1",
        f"{MAC} Version/18.5 Safari/605.1.15",
    ),
    "Chrome of an iPhone": (
        f"{IPHONE} CriOS/138.0.7204.53 Mobile/15E148 Safari/604.1",
        f"{MAC} CriOS/138 Version/11.1.1 Safari/605.1.15",
    ),
    "Firefox of an iPhone": (
        f"{IPHONE} FxiOS/144.0 Mobile/15E148 Safari/605.1.15",
        f"{MAC.replace('10_15_7', '10.15')} FxiOS/144.0 Safari/605.1.15",
    ),
    "Edge of an iPhone": (
        f"{IPHONE} Version/18.0 EdgiOS/140.0.3485.72 Mobile/15E148 Safari/604.1",
        f"{MAC} Version/17.0 EdgiOS/140.0.3485.72 Safari/605.1.15",
    ),
    "DuckDuckGo of an iPhone": (
        f"{IPHONE} Version/18.5 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15",
        f"{MAC} Version/18.5 Safari/605.1.15 Ddg/18.5",
    ),
    "Chrome of Android": (ANDROID, LINUX),
    "Firefox of Android": (
        "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0",
        "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    ),
}


@pytest.mark.parametrize("touched", [False, True])
@pytest.mark.parametrize("which", DESKTOP_SITES)
def test_whoever_asks_for_a_desktop_site_is_the_same_client_there_and_back(which: str, touched: bool) -> None:
    """Also where the sign-in page's script has told that there is something to touch."""
    cookie = {"HTTP_COOKIE": "sessions_ui_touch=1"} if touched else {}
    plain, desktop = (
        client_info({"HTTP_USER_AGENT": header, **cookie}).client for header in DESKTOP_SITES[which]
    )
    assert plain.system in ("iOS", "Android") and desktop.system not in ("iOS", "Android")
    assert not contradicts(plain, desktop) and not contradicts(desktop, plain)
    assert improved(plain, desktop).system == plain.system
    assert improved(plain, desktop).kind == improved(desktop, plain).kind == "phone"


def test_chrome_of_an_iphone_that_reads_as_chrome_of_a_mac_is_a_copy() -> None:
    phone = client_info({"HTTP_USER_AGENT": DESKTOP_SITES["Chrome of an iPhone"][0]}).client
    mac = client_info(
        {"HTTP_USER_AGENT": LINUX.replace("X11; Linux x86_64", "Macintosh; Intel Mac OS X 10_15_7")}
    )
    assert contradicts(phone, mac.client)
