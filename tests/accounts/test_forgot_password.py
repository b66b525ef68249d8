"""From the sign-in page to the password reset, with the address that was typed, and in no address of a page."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

FORGOT = "/account/password/forgot/"
RESET = "/account/password/reset/"
SIGN_IN = "/account/login/"


def offered(page: Any) -> str:
    """The address in the field of the page."""
    found = re.search(r'<input type="email" name="email"([^>]*)>', page.content.decode())
    assert found
    value = re.search(r'value="([^"]*)"', found[1])
    return value[1] if value else ""


def test_the_button_of_the_sign_in_page_sends_the_same_form_there(browser: Any) -> None:
    html = browser().get(SIGN_IN).content.decode()
    form = html[html.index(f'<form method="post" action="{SIGN_IN}"') :]
    form = form[: form.index("</form>")]
    buttons = re.findall(r"<button[^>]*>", form)
    assert len(buttons) == 2
    assert "formaction" not in buttons[0], "Enter signs in"
    assert f'formaction="{FORGOT}"' in buttons[1] and "formnovalidate" in buttons[1]
    assert "Forgot your password?" in form
    assert f'href="{RESET}"' not in html


def test_the_address_that_was_typed_is_in_the_field(browser: Any) -> None:
    here = browser()
    answer = here.post(FORGOT, {"login": " ada@people.example ", "password": PASSWORD})
    assert (answer.status_code, answer.url) == (302, RESET)
    assert offered(here.get(RESET)) == "ada@people.example"
    assert not mail.outbox


def test_nothing_is_sent_before_the_form_is(browser: Any, user: Any) -> None:
    here = browser()
    page = here.post(FORGOT, {"login": user.email}, follow=True)
    assert page.redirect_chain == [(RESET, 302)] and not mail.outbox
    here.post(RESET, {"email": offered(page)})
    assert [message.to for message in mail.outbox] == [[user.email]]


def test_what_waits_goes_to_that_page_only_for_a_minute(browser: Any, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = True
    morsel = browser().post(FORGOT, {"login": "ada@people.example"}).cookies["__Secure-typed-address"]
    assert "ada" not in morsel.value and PASSWORD not in morsel.value
    assert (morsel["path"], morsel["max-age"], morsel["samesite"]) == (RESET, 60, "Strict")
    assert morsel["secure"] and morsel["httponly"]


def test_a_minute_later_the_field_is_empty(browser: Any) -> None:
    here = browser()
    here.post(FORGOT, {"login": "ada@people.example"})
    with time_machine.travel(timezone.now() + timedelta(seconds=62)):
        assert offered(here.get(RESET)) == ""


@pytest.mark.parametrize("typed", ["", "   ", "x" * 255])
def test_what_is_no_address_is_left_behind(browser: Any, typed: str) -> None:
    here = browser()
    assert not here.post(FORGOT, {"login": typed}).cookies
    assert offered(here.get(RESET)) == ""


@pytest.mark.parametrize("cookie", ["", "x", "ada@people.example", "WzFd:1:x"])
def test_what_nobody_has_signed_is_in_no_field(browser: Any, cookie: str) -> None:
    here = browser()
    here.cookies["typed-address"] = cookie
    assert offered(here.get(RESET)) == ""


def test_it_is_shown_as_text(browser: Any) -> None:
    here = browser()
    here.post(FORGOT, {"login": '"><b>x</b>'})
    assert "<b>" not in here.get(RESET).content.decode()


def test_whoever_opens_the_address_comes_to_the_reset(browser: Any) -> None:
    answer = browser().get(FORGOT)
    assert (answer.status_code, answer.url) == (302, RESET)


def test_another_site_cannot_send_anybody_there(browser: Any) -> None:
    here = browser(enforce_csrf_checks=True)
    assert here.post(FORGOT, {"login": "ada@people.example"}).status_code == 403
