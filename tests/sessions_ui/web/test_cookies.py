"""The session cookie is Django's in everything but its engine: it has what the settings say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from sessions_ui.web.cookies import vary_on_cookie

pytestmark = pytest.mark.django_db


@pytest.fixture
def of_all_subdomains(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["shop.people.example"]
    settings.SESSION_COOKIE_DOMAIN = ".people.example"
    settings.SESSION_COOKIE_PATH = "/account"
    settings.SESSION_COOKIE_SAMESITE = "Strict"


def test_it_is_for_the_domain_and_path_of_the_settings(
    user: Any, browser: Any, of_all_subdomains: None
) -> None:
    """A site on several subdomains is signed in on all of them."""
    client = browser(SERVER_NAME="shop.people.example")
    cookie = client.sign_in(user).cookies["sessionid"]
    assert (cookie["domain"], cookie["path"]) == (".people.example", "/account")
    assert cookie["samesite"] == "Strict"


def test_it_is_deleted_where_it_was_set(user: Any, browser: Any, of_all_subdomains: None) -> None:
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


@pytest.mark.parametrize("secure", [True, False])
def test_it_goes_over_https_only_where_the_settings_say_so(
    secure: bool, user: Any, browser: Any, settings: Any
) -> None:
    settings.SESSION_COOKIE_SECURE = secure
    cookie = browser().sign_in(user).cookies["sessionid"]
    assert bool(cookie["secure"]) is secure


def test_the_device_cookie_lasts_as_long_as_the_setting_says(user: Any, browser: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "DEVICE_COOKIE_AGE": timedelta(days=3)}
    cookie = browser().sign_in(user).cookies["__Host-device"]
    assert (cookie["max-age"], cookie["path"], cookie["httponly"]) == (3 * 86400, "/", True)


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, "Cookie"), ("Accept-Language", "Accept-Language, Cookie"), ("Cookie", "Cookie")],
)
def test_what_else_an_answer_varies_on_stays(before: str | None, after: str) -> None:
    response = HttpResponse(headers={"Vary": before} if before else {})
    vary_on_cookie(response)
    assert response["Vary"] == after
