"""Access tokens in a real browser: made, copied, renewed and ended, with scripts and without; and no barrier."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from sessions_ui.actions.tokens.create import create_token
from tests.aging import age_sign_ins
from tests.browser.axe import violations
from tests.conftest import PASSWORD
from tests.models import AccessToken, Session

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

VALUE = re.compile(r"sui_pat_[0-9A-Za-z]{46}")


def make(user: Any, **said: Any) -> AccessToken:
    usual = {"name": "Backup", "scopes": ["sessions:read"], "expires_at": timezone.now() + timedelta(days=3)}
    return create_token(user=user, **usual | said).token


def fill_in(page: Page) -> None:
    page.get_by_role("link", name="Create an access token").click()
    page.get_by_label("Name", exact=True).fill("Backup on the server")
    page.get_by_label("See the account’s sessions and devices").check()
    page.get_by_role("radio", name="90 days").check()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_making_one_shows_its_value_once(visitor: Any, user: Any, scripts: bool) -> None:
    person = visitor(java_script_enabled=scripts)
    page = person.sign_in(user)
    fill_in(page)
    page.get_by_role("button", name="Create the token").click()
    field = page.get_by_label("Access token")
    expect(field).to_have_value(VALUE)
    expect(page.get_by_role("button", name="Copy")).to_be_visible(visible=scripts)
    value = field.input_value()
    page.get_by_role("link", name="I’ve saved it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Backup on the server")
    assert value not in page.content()
    assert AccessToken.objects.filter(session__user=user).count() == 1
    assert person.complaints == []


def test_the_value_is_copied_by_its_button(visitor: Any, user: Any) -> None:
    person = visitor(permissions=["clipboard-read", "clipboard-write"])
    page = person.sign_in(user)
    fill_in(page)
    page.get_by_role("button", name="Create the token").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.get_by_label("Access token").input_value()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_no_page_about_tokens_has_a_barrier(visitor: Any, user: Any, width: int, scheme: str) -> None:
    token = make(user)
    make(user, name="Calendar", agent="Assistant")
    Session.objects.filter(pk=token.pk).update(last_seen_at=timezone.now() - timedelta(days=100))
    person = visitor(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = person.sign_in(user)
    public_id = token.session.public_id
    sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for path in ("", "tokens/new/", "tokens/leaked/", f"tokens/{public_id}/", f"tokens/{public_id}/renew/"):
        person.go(f"/account/devices/{path}")
        assert violations(page) == [], path
        assert page.evaluate(sideways) <= 0, path
    page.get_by_role("button", name="Renew the token").click()
    expect(page.get_by_label("Access token")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate(sideways) <= 0
    person.go("/account/devices/tokens/new/")
    page.get_by_role("button", name="Create the token").click()
    expect(page.get_by_text("This field is required.").first).to_be_visible()
    assert violations(page) == []


def test_ending_one_takes_its_row_away_and_tells_of_it(visitor: Any, user: Any) -> None:
    make(user)
    person = visitor()
    page = person.sign_in(user)
    page.get_by_role("button", name="End Backup").click()
    expect(page.get_by_role("status").filter(has_text="Backup has ended.")).to_be_visible()
    expect(page.get_by_role("button", name="End Backup")).to_have_count(0)
    page.get_by_role("link", name="Backup").click()
    expect(page.get_by_role("heading", name="This access token has ended")).to_be_visible()
    assert person.complaints == []


def test_ending_one_on_its_own_page_shows_the_proof_there(visitor: Any, user: Any) -> None:
    token = make(user)
    person = visitor()
    person.sign_in(user)
    page = person.go(f"/account/devices/tokens/{token.session.public_id}/")
    page.get_by_role("button", name="End Backup").click()
    expect(page.get_by_role("heading", name="This access token has ended")).to_be_visible()
    expect(page.get_by_text("Nobody has tried to use it since.")).to_be_visible()
    assert person.complaints == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_who_signed_in_long_ago_confirms_it_and_the_form_goes_on(
    visitor: Any, user: Any, scripts: bool
) -> None:
    person = visitor(java_script_enabled=scripts)
    page = person.sign_in(user)
    age_sign_ins(user)
    fill_in(page)
    page.get_by_role("button", name="Create the token").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_label("Access token")).to_have_value(VALUE)
    assert person.complaints == []
