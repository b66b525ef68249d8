"""Client hints: what they add to a frozen user agent, and that junk in them adds nothing."""

from __future__ import annotations

import pytest

from sessions_ui.client import Client
from sessions_ui.client.hints import NO_HINTS, Hints, read
from sessions_ui.client.user_agent import parse

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36"
ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36"


def described(user_agent: str, **hints: str) -> Client:
    return parse(user_agent, read({f"HTTP_SEC_CH_UA{name}": value for name, value in hints.items()}))


@pytest.mark.parametrize(
    ("platform_version", "version"),
    [
        ("0.1.0", "7"),
        ("0.2.0", "8"),
        ("0.3.0", "8.1"),
        ("1.0.0", "10"),
        ("10.0.0", "10"),
        ("13.0.0", "11"),
        ("19.0.0", "11"),
        # No Windows says so.
        ("11.0.0", ""),
        ("0.9.0", ""),
        ("", ""),
        ("junk", ""),
    ],
)
def test_the_platform_version_tells_windows_11_from_10(platform_version: str, version: str) -> None:
    client = described(WINDOWS, _PLATFORM='"Windows"', _PLATFORM_VERSION=f'"{platform_version}"')
    assert (client.system, client.system_version) == ("Windows", version)


@pytest.mark.parametrize(
    ("brands", "browser"),
    [
        ('"Chromium";v="141", "Google Chrome";v="141", "Not?A_Brand";v="8"', "Chrome"),
        ('"Not;A=Brand";v="99", "Brave";v="141", "Chromium";v="141"', "Brave"),
        ('" Not A;Brand";v="99", "Chromium";v="141", "Vivaldi";v="7.6"', "Vivaldi"),
        ('"Opera";v="125", "Not(A:Brand";v="8", "Chromium";v="141"', "Opera"),
        ('"Not)A;Brand";v="99", "Microsoft Edge";v="141", "Chromium";v="141"', "Edge"),
        ('"Chromium";v="141", "Not/A)Brand";v="24"', "Chromium"),
        # Two that are not the engine's: which one it is cannot be told.
        ('"Chromium";v="141", "This";v="1", "That";v="2"', "Chrome"),
        ('"Not_A Brand";v="8"', "Chrome"),
        ("]]]", "Chrome"),
        ('"<b>";v="1", "Chromium";v="141"', "Chrome"),
    ],
)
def test_the_brand_that_is_neither_greased_nor_the_engine_is_the_browser(brands: str, browser: str) -> None:
    assert described(WINDOWS, **{"": brands}).browser == browser


def test_the_full_list_has_the_exact_version() -> None:
    client = described(
        WINDOWS,
        **{"": '"Chromium";v="141", "Google Chrome";v="141"'},
        _FULL_VERSION_LIST='"Chromium";v="141.0.7390.55", "Google Chrome";v="141.0.7390.54"',
    )
    assert client.browser_version == "141.0.7390.54"


def test_brands_of_another_version_than_the_header_are_not_believed() -> None:
    client = described(WINDOWS, **{"": '"Chromium";v="99", "Google Chrome";v="99"'})
    assert (client.browser, client.browser_version) == ("Chrome", "141")


def test_the_model_takes_the_place_of_androids_k() -> None:
    client = described(ANDROID, _PLATFORM='"Android"', _PLATFORM_VERSION='"16.0.0"', _MODEL='"SM-S938B"')
    assert (client.maker, client.model, client.system_version) == ("Samsung", "SM-S938B", "16")
    assert client.kind == "phone"


@pytest.mark.parametrize(
    ("factors", "kind"),
    [
        ('"Tablet"', "tablet"),
        ('"Mobile"', "phone"),
        ('"Watch"', "watch"),
        ('"EInk", "Tablet"', "tablet"),
        ("", "phone"),
    ],
)
def test_form_factors_tell_the_kind(factors: str, kind: str) -> None:
    assert described(ANDROID, _PLATFORM='"Android"', _MOBILE="?1", _FORM_FACTORS=factors).kind == kind


def test_a_model_with_markup_is_no_model() -> None:
    assert described(ANDROID, _PLATFORM='"Android"', _MODEL='"<img src=x>"').model == ""


def test_no_hint_at_all_and_junk_say_nothing() -> None:
    assert read({"HTTP_USER_AGENT": WINDOWS}) is NO_HINTS
    assert (
        read({"HTTP_SEC_CH_UA": "\x00", "HTTP_SEC_CH_UA_MOBILE": "?7", "HTTP_SEC_CH_UA_PLATFORM": '"'})
        == Hints()
    )
