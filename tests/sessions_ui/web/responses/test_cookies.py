"""The session cookie is Django's in everything but its engine: it has what the settings say. The others are ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse

from sessions_ui.web.responses.headers import vary_on_cookie
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SIGN_IN = "/account/login/"


@pytest.fixture
def of_all_subdomains(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["shop.people.example"]
    settings.SESSION_COOKIE_DOMAIN = ".people.example"
    settings.SESSION_COOKIE_PATH = "/account"
    settings.SESSION_COOKIE_SAMESITE = "Strict"


def attributes(cookie: Any) -> dict[str, Any]:
    """All that are set."""
    return {name: value for name, value in cookie.items() if value != ""}


# What a browser is told of each cookie, to the last attribute: one that is missing or one too many is a fault.
EVERY_COOKIE = {
    "the session, not remembered": ("sessionid", {"path": "/", "httponly": True, "samesite": "Lax"}),
    "the session, remembered": (
        "sessionid",
        {
            "path": "/",
            "httponly": True,
            "samesite": "Lax",
            "max-age": 30 * 86400,
            "expires": "Mon, 28 Dec 2026 12:00:00 GMT",
        },
    ),
    "the device": (
        "device",
        {
            "path": "/",
            "httponly": True,
            "samesite": "Lax",
            "max-age": 3 * 86400,
            "expires": "Tue, 01 Dec 2026 12:00:00 GMT",
        },
    ),
    "the reason of an end": (
        "signed_out",
        {
            "path": "/",
            "httponly": True,
            "samesite": "Lax",
            "max-age": 600,
            "expires": "Sat, 28 Nov 2026 12:10:00 GMT",
        },
    ),
}


@pytest.mark.control("SP 800-63B 5.1.1")
@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize("which", EVERY_COOKIE)
def test_a_cookie_has_these_attributes_and_no_others(
    which: str, secure: bool, user: Any, browser: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "DEVICE_COOKIE_AGE": timedelta(days=3)}
    settings.SESSION_COOKIE_SECURE = secure
    name, expected = EVERY_COOKIE[which]
    client = browser()
    fields = {"login": user.email, "password": PASSWORD}
    if which == "the session, remembered":
        fields["remember"] = "on"
    with time_machine.travel(NOW, tick=False):
        response = client.post(SIGN_IN, fields)
        if name == "signed_out":
            user.is_active = False
            user.save()
            response = client.get("/account/devices/")
    if name == "device" and secure:
        name = "__Host-device"
    assert attributes(response.cookies[name]) == {**expected, **({"secure": True} if secure else {})}


def test_the_device_cookie_is_for_the_domain_and_path_of_the_settings(
    user: Any, browser: Any, of_all_subdomains: None
) -> None:
    """A site on several subdomains is signed in on all of them."""
    client = browser(SERVER_NAME="shop.people.example")
    cookie = client.sign_in(user).cookies["sessionid"]
    assert (cookie["domain"], cookie["path"]) == (".people.example", "/account")
    assert cookie["samesite"] == "Strict"


def test_the_device_cookie_is_deleted_where_it_was_set(
    user: Any, browser: Any, of_all_subdomains: None
) -> None:
    """Else the browser goes on sending it."""
    client = browser(SERVER_NAME="shop.people.example")
    client.sign_in(user)
    cookie = client.post("/account/logout/").cookies["sessionid"]
    assert (cookie.value, cookie["max-age"]) == ("", 0)
    assert (cookie["domain"], cookie["path"]) == (".people.example", "/account")
    assert cookie["samesite"] == "Strict"


@pytest.mark.parametrize("only", [True, False])
def test_scripts_cannot_read_it_unless_the_settings_say_so(
    only: bool, user: Any, browser: Any, settings: Any
) -> None:
    assert settings.SESSION_COOKIE_HTTPONLY is True
    settings.SESSION_COOKIE_HTTPONLY = only
    cookie = browser().sign_in(user).cookies["sessionid"]
    assert bool(cookie["httponly"]) is only


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, "Cookie"), ("Accept-Language", "Accept-Language, Cookie"), ("Cookie", "Cookie")],
)
def test_what_else_an_answer_varies_on_stays(before: str | None, after: str) -> None:
    response = HttpResponse(headers={"Vary": before} if before else {})
    vary_on_cookie(response)
    assert response["Vary"] == after
