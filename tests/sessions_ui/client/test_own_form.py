"""How an app of the site's own says what it is."""

from __future__ import annotations

import pytest

from sessions_ui.client.info import Client
from sessions_ui.client.own_form import read
from sessions_ui.client.request import client_info
from sessions_ui.client.user_agent import parse

FORM = "Example App/3.2.1 (iPhone16,1; iOS 18.1)"


@pytest.mark.parametrize(
    ("header", "maker", "model", "system"),
    [
        ("Example App/3.2.1 (iPhone16,1; iOS 18.1)", "Apple", "iPhone 15 Pro", "iOS"),
        ("Example App/3.2.1 (iPhone15,4; iOS 18.1; Scale/3.00)", "Apple", "iPhone 15", "iOS"),
        (
            "Example App/3.2.1 (iPhone16,1; iOS 18.1) CFNetwork/1568.100.1 Darwin/24.0.0",
            "Apple",
            "iPhone 15 Pro",
            "iOS",
        ),
        ("Example App/3.2.1 (iPhone99,9; iOS 18.1)", "Apple", "iPhone", "iOS"),
        ("Example App/3.2.1 (iPad14,5; iPadOS 18.1)", "Apple", "iPad", "iPadOS"),
        ("Example App/3.2.1 (MacBookPro18,3; macOS 18.1)", "Apple", "Mac", "macOS"),
        ("Example App/3.2.1 (SM-S928B; Android 18.1)", "Samsung", "SM-S928B", "Android"),
        ("Example App/3.2.1 (SM-S928B; Android 18.1) okhttp/4.12.0", "Samsung", "SM-S928B", "Android"),
    ],
)
def test_an_app_that_names_its_device(header: str, maker: str, model: str, system: str) -> None:
    assert parse(header) == Client(
        kind="app",
        maker=maker,
        model=model,
        browser="Example App",
        browser_version="3.2.1",
        system=system,
        system_version="18.1",
    )


@pytest.mark.parametrize(
    ("header", "browser", "model"),
    [
        ("okhttp/4.12.0", "okhttp", ""),
        ("Dart/3.4 (dart:io)", "Dart", ""),
        ("Example/812 CFNetwork/1410.0.3 Darwin/22.6.0", "Example", ""),
        ("Example/3 (com.example.app; build:12; iOS 17.5.1) Alamofire/5.9.1", "Example", ""),
        ("Example/3 (com.example.app; iOS 17.5.1)", "Example", ""),
    ],
)
def test_a_librarys_own_header_names_no_device(header: str, browser: str, model: str) -> None:
    client = parse(header)
    assert (client.kind, client.browser, client.model) == ("app", browser, model)


@pytest.mark.parametrize(
    "header", ["curl/8.5 (iPhone16,1; iOS 18.1)", "Googlebot/2.1 (iPhone16,1; iOS 18.1)"]
)
def test_a_tool_or_robot_stays_one(header: str) -> None:
    assert parse(header).kind in ("tool", "bot")


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "Example App",
        "Example App/3.2.1",
        "Example App/3.2.1 (iPhone16,1)",
        "Example App/x (iPhone16,1; iOS 18.1)",
        "<script>/3.2.1 (iPhone16,1; iOS 18.1)",
        "Example App/3.2.1 (<b>; iOS 18.1)",
        "Example App/3.2.1 (iPhone16,1; BeOS 5)",
        "Example App/3.2.1 (iPhone16,1; iOS 18.1)\x00",
        "E" * 64 + "/3.2.1 (iPhone16,1; iOS 18.1)",
        FORM + " " + "x" * 512,
    ],
)
def test_what_is_not_of_this_form_says_nothing(sent: str) -> None:
    assert read(sent) == ""
    told = client_info({"HTTP_USER_AGENT": "Other/1 (iPhone; iOS 18)", "HTTP_X_APP": sent}, is_app=True)
    assert told.user_agent == "Other/1 (iPhone; iOS 18)"


def test_the_header_counts_in_place_of_the_user_agent_of_apps_only() -> None:
    meta = {"HTTP_USER_AGENT": "okhttp/4.12.0", "HTTP_X_APP": FORM}
    assert client_info(meta, is_app=True).user_agent == FORM
    assert client_info(meta, is_app=True).client.model == "iPhone 15 Pro"
    assert client_info(meta).user_agent == "okhttp/4.12.0"
