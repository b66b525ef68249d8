"""Headers of every page: what a browser may keep of it, and what it may use in it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from config.headers import PERMISSIONS
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def reset_link(browser: Any, user: Any) -> str:
    browser().post(reverse("account_reset_password"), {"email": user.email})
    found = re.search(r"https://devices\.example(/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_the_form_that_a_reset_link_opens_is_in_no_cache(browser: Any, user: Any) -> None:
    page = browser().get(reset_link(browser, user), follow=True)
    assert page.context["form"] is not None
    assert "no-store" in page.headers["Cache-Control"]


@pytest.mark.parametrize("signed_in", [False, True])
def test_no_page_about_an_account_is_kept_by_a_browser_and_none_may_use_a_camera(
    signed_in: bool, browser: Any, user: Any
) -> None:
    here = browser()
    if signed_in:
        here.sign_in(user)
    for path in (
        "/account/login/", "/account/signup/", "/account/password/reset/", "/account/devices/",
        "/help-desk/", "/nowhere/", "/account/password/reset/key/1-nonsense/",
        "/account/devices/not-me/nonsense/", "/account/email/",
    ):  # fmt: skip
        response = here.get(path)
        assert "camera=()" in response.headers["Permissions-Policy"], path
        if path != "/nowhere/":
            assert "no-store" in response.headers["Cache-Control"], path


def test_passkeys_are_for_this_site_alone() -> None:
    allowed = dict(each.split("=") for each in PERMISSIONS.split(", "))
    used = {name for name, value in allowed.items() if value != "()"}
    assert used == {"publickey-credentials-create", "publickey-credentials-get"}
    assert all(re.fullmatch(r"[a-z-]+", name) for name in allowed)


def test_from_a_site_that_is_https_only_nobody_is_sent_to_plain_http(browser: Any, user: Any) -> None:
    """Somebody on the way could answer there in its name, and would get the address that is asked for next."""
    for where, goes in (
        ("http://testserver/account/email/", "/account/devices/"),
        ("https://testserver/account/email/", "https://testserver/account/email/"),
        ("/account/email/", "/account/email/"),
    ):
        form = {"login": user.email, "password": PASSWORD, "next": where}
        response = browser().post("/account/login/", form)
        assert response.url == goes


@pytest.mark.parametrize(
    ("where", "goes"),
    [
        ("http://testserver/account/devices/", "/account/2fa/"),
        ("/account/devices/", "/account/2fa/"),
    ],
)
def test_next_after_a_further_factor_never_leads_to_plain_http(
    where: str, goes: str, browser: Any, user: Any
) -> None:
    here = browser()
    here.sign_in(user)
    assert here.get("/account/second-factor/", {"next": where}).url == goes
