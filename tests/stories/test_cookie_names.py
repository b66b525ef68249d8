"""The site as it runs over HTTPS: its cookies have names that only it can set, and everything works with them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import PASSWORD
from tests.models import Session

pytestmark = pytest.mark.django_db

DEVICES = "/account/devices/"


@pytest.fixture(autouse=True)
def _names_of_the_site(settings: Any) -> None:
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"


def sign_in(here: Any, user: Any) -> Any:
    """As a browser does: with the token of the form, checked."""
    here.get("/account/login/", secure=True)
    form = {"login": user.email, "password": PASSWORD, "csrfmiddlewaretoken": token_of(here)}
    response = here.post("/account/login/", form, secure=True, headers={"referer": "https://testserver/"})
    assert response.status_code == 302
    return response


def token_of(here: Any) -> str:
    return str(here.cookies["__Host-csrftoken"].value)


def test_every_cookie_is_for_this_host_alone(browser: Any, user: Any) -> None:
    here = browser(enforce_csrf_checks=True)
    sign_in(here, user)
    assert here.get(DEVICES, secure=True).status_code == 200
    kept = {name: cookie for name, cookie in here.cookies.items() if cookie.value}
    assert {"__Host-sessionid", "__Host-csrftoken", "__Host-device"} <= set(kept)
    for name, cookie in kept.items():
        if name.startswith("__Host-"):
            assert cookie["secure"] and cookie["path"] == "/" and not cookie["domain"], name


def test_a_cookie_with_the_plain_name_is_nobodys_session(browser: Any, user: Any) -> None:
    """Another host of the domain could set one for all of them."""
    here, planted = browser(), browser()
    sign_in(here, user)
    planted.cookies["sessionid"] = here.cookies["__Host-sessionid"].value
    assert planted.get(DEVICES, secure=True).status_code == 302


def test_one_browser_signs_the_other_out_and_then_itself(browser: Any, user: Any) -> None:
    here, there = browser(enforce_csrf_checks=True), browser()
    for client in (here, there):
        sign_in(client, user)
    post = {"secure": True, "headers": {"referer": "https://testserver/"}}
    assert here.post(f"{DEVICES}sign-out-others/", **post).status_code == 403, "without the token"
    form = {"csrfmiddlewaretoken": token_of(here)}
    assert here.post(f"{DEVICES}sign-out-others/", form, **post).status_code == 302
    assert there.get(DEVICES, secure=True).cookies["__Host-sessionid"].value == ""
    assert here.get(DEVICES, secure=True).status_code == 200
    gone = here.post("/account/logout/", form, **post).cookies["__Host-sessionid"]
    assert gone.value == "" and gone["path"] == "/"
    assert not Session.objects.living().exists()
