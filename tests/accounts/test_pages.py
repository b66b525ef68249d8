"""Every page of the account renders, signed in or not, and keeps to `script-src 'self'; style-src 'self'`."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse

from tests.conftest import PASSWORD

OPEN_PAGES = [
    "account_login",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_email_verification_sent",
]
ACCOUNT_PAGES = [
    "account_logout",
    "account_email",
    "account_change_password",
    "account_reset_password",
    "account_reauthenticate",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_list_webauthn",
]
FACTOR_PAGES = [
    "mfa_index",
    "mfa_deactivate_totp",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
]
ERRORS = ["400", "403", "403_csrf", "404", "429", "500"]


class PolicyBreaches(HTMLParser):
    """What a Content-Security-Policy without 'unsafe-inline' would block."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or "style" in given:
            self.found.append(f"inline style in <{tag}>")
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.found.append("inline script")
        self.found += [f"{name} on <{tag}>" for name in given if name.startswith(("on", "hx-on"))]
        addresses = [value or "" for name, value in attrs if name in ("href", "src", "action")]
        self.found += [f"{value} on <{tag}>" for value in addresses if value.startswith("javascript:")]


def assert_sound(response: Any) -> None:
    assert response.status_code == 200
    html = response.content.decode()
    assert PolicyBreaches(html).found == []
    assert html.count("<h1") == 1
    assert '<html lang="en"' in html


@pytest.fixture
def signed_in(browser: Any, user: Any) -> Any:
    here = browser()
    here.sign_in(user)
    here.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return here


@pytest.fixture
def with_factors(
    browser: Any, user_with_totp: Any, recovery_codes: list[str], security_key: Authenticator
) -> Any:
    here = browser()
    here.sign_in(user_with_totp)
    here.post(reverse("mfa_authenticate"), {"code": recovery_codes[0]})
    here.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return here


@pytest.mark.django_db
@pytest.mark.parametrize("name", OPEN_PAGES)
def test_open_page(browser: Any, name: str) -> None:
    assert_sound(browser().get(reverse(name)))


@pytest.mark.parametrize("name", ACCOUNT_PAGES)
def test_account_page(signed_in: Any, name: str) -> None:
    assert_sound(signed_in.get(reverse(name)))


@pytest.mark.parametrize("name", FACTOR_PAGES)
def test_page_of_somebody_with_second_factors(with_factors: Any, name: str) -> None:
    assert_sound(with_factors.get(reverse(name)))


def test_no_address_is_asked_for_where_none_can_be_added(with_factors: Any) -> None:
    page = with_factors.get(reverse("account_email"))
    assert_sound(page)
    html = page.content.decode()
    assert "You cannot add an email address to an account protected by two-factor authentication." in html
    assert 'name="email"' not in html.partition("Add an address")[2]
    assert reverse("mfa_index") in html.partition("Add an address")[2]


@pytest.mark.parametrize("name", ["mfa_edit_webauthn", "mfa_remove_webauthn"])
def test_page_of_one_key(with_factors: Any, security_key: Authenticator, name: str) -> None:
    page = with_factors.get(reverse(name, args=[security_key.pk]))
    assert_sound(page)
    assert "Blue key" in page.content.decode()


def test_the_second_step(browser: Any, user_with_totp: Any) -> None:
    here = browser()
    here.sign_in(user_with_totp)
    assert_sound(here.get(reverse("mfa_authenticate")))


def test_a_mailed_link_that_no_longer_works(browser: Any, db: None) -> None:
    for name, args in (
        ("account_reset_password_from_key", ["1", "used"]),
        ("account_confirm_email", ["used"]),
    ):
        page = browser().get(reverse(name, args=args))
        assert_sound(page)
        title = page.content.decode().partition("<title>")[2].partition("</title>")[0]
        assert title.split("·")[0].strip() == "This link no longer works"


def test_somebody_without_a_password_can_set_one(browser: Any, user: Any) -> None:
    user.set_unusable_password()
    user.save()
    here = browser()
    here.force_login(user)
    assert_sound(here.get(reverse("account_set_password"), follow=True))


def test_somebody_without_a_password_and_a_factor_has_nothing_to_confirm_and_stands_before_no_wall(
    browser: Any, user: Any
) -> None:
    """allauth 65.22 asks for a confirmation, and who has nothing to confirm by would read 403."""
    user.set_unusable_password()
    user.save()
    client = browser()
    client.force_login(user)
    assert client.get(reverse("account_set_password")).status_code == 200
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


def test_recovery_codes_download_as_plain_text(with_factors: Any) -> None:
    response = with_factors.get(reverse("mfa_download_recovery_codes"))
    assert response["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("name", ACCOUNT_PAGES)
def test_every_page_offers_to_sign_out(signed_in: Any, name: str) -> None:
    header = signed_in.get(reverse(name)).content.decode().partition("</header>")[0]
    assert f'<form method="post" action="{reverse("account_logout")}">' in header


@pytest.mark.parametrize("name", ["account_login", "account_signup"])
def test_nobody_signed_in_is_offered_no_sign_out(browser: Any, db: None, name: str) -> None:
    assert reverse("account_logout") not in browser().get(reverse(name)).content.decode()


@pytest.mark.parametrize("name", ERRORS)
def test_error_page(name: str) -> None:
    html = render_to_string(f"{name}.html", request=None if name == "500" else RequestFactory().get("/"))
    assert PolicyBreaches(html).found == []
    assert html.count("<h1") == 1


def test_the_policy_itself_allows_nothing_inline(browser: Any, db: None) -> None:
    policy = browser().get(reverse("account_login"))["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.django_db
def test_the_demo_says_that_it_is_one(browser: Any, settings: Any) -> None:
    settings.DEMO = True
    assert "This is a demo." in browser().get(reverse("account_login")).content.decode()


@pytest.mark.django_db
def test_a_real_site_does_not_call_itself_a_demo(browser: Any) -> None:
    assert "demo" not in browser().get(reverse("account_login")).content.decode()
