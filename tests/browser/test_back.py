"""The browser's "Back" to a page of which htmx had replaced a part: what is shown then works like any other page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.aging import age_sign_ins
from tests.browser.test_compact import many
from tests.conftest import FIREFOX_ON_LINUX, PASSWORD
from tests.unused import let_them_last

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/account/devices/"
RESTORED = (
    "document.addEventListener('htmx:historyRestore', () => { document.documentElement.title = 'restored' })"
)
# What each does that asks who is there, and what the dialog is called then.
ACTS = {
    "signing out a device": ("button", "Sign out Phone 3", "Confirm it’s you"),
    "signing out everywhere": ("link", "Sign out everywhere, including here", "Sign out everywhere?"),
    "ending what is not used": ("button", "Save", "Confirm it’s you"),
}


def put_into_the_page(page: Page) -> None:
    """From now on "Back" puts the page into the one that is there, as with the settings that hosts have copied before
    it was to be loaded anew."""
    page.wait_for_load_state("load")
    page.evaluate("htmx.config.refreshOnHistoryMiss = false")
    page.evaluate(RESTORED)


def go_back_within(page: Page) -> None:
    """To this very page, which htmx fetches and puts into the one that is there."""
    put_into_the_page(page)
    page.evaluate("history.replaceState({htmx: true}, ''); history.pushState({htmx: true}, '', '?more')")
    page.go_back()
    expect(page.locator("html")).to_have_attribute("title", "restored")


@pytest.mark.parametrize("anew", [True, False], ids=["loaded anew", "put into the page"])
@pytest.mark.parametrize("act", ACTS)
def test_after_back_from_a_search_the_question_is_seen(
    visitor: Any, user: Any, settings: Any, act: str, anew: bool
) -> None:
    let_them_last(settings)
    many(user, 12)
    here = visitor(user_agent=FIREFOX_ON_LINUX)
    page = here.sign_in(user)
    age_sign_ins(user)
    if not anew:
        put_into_the_page(page)
    page.get_by_role("searchbox", name="Find a device").press_sequentially("phone 7")
    expect(page.get_by_text("1 device or app matches.")).to_be_visible()
    page.wait_for_url("**q=phone**")
    if not anew:
        page.evaluate("window.untouched = true")
    page.go_back()
    expect(page.get_by_role("heading", name="Phone 3", exact=True)).to_be_visible()
    role, name, question = ACTS[act]
    page.get_by_role(role, name=name, exact=True).click()
    dialog = page.get_by_role("dialog", name=question)
    expect(dialog).to_be_visible()
    dialog.get_by_role("link", name="Cancel").click()
    expect(dialog).to_be_hidden()
    page.route("**/sign-out/", lambda route: route.fulfill(status=403))
    page.get_by_role("button", name="Sign out Phone 3", exact=True).click()
    expect(page.locator("#devices-status")).to_contain_text("That didn’t work")
    assert page.evaluate("window.untouched === true") is not anew


def test_after_back_a_closed_question_keeps_no_password(visitor: Any, user: Any) -> None:
    many(user, 1)
    page = visitor(user_agent=FIREFOX_ON_LINUX).sign_in(user)
    age_sign_ins(user)
    go_back_within(page)
    page.get_by_role("button", name="Sign out Phone 0").click()
    page.get_by_role("dialog").get_by_label("Your password").fill("half a passw")
    page.keyboard.press("Escape")
    expect(page.locator("#sui-dialog")).to_be_empty()


def test_after_back_the_warning_of_the_idle_timeout_comes_and_goes(
    visitor: Any, user: Any, settings: Any
) -> None:
    limits = {"IDLE_TIMEOUT": timedelta(hours=1), "LAST_SEEN_EVERY": timedelta(0)}
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **limits}
    here = visitor()
    page = here.sign_in(user)
    go_back_within(page)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IDLE_TIMEOUT": timedelta(seconds=100)}
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    dialog = page.get_by_role("dialog", name="Are you still there?")
    expect(dialog).to_be_visible()
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IDLE_TIMEOUT": timedelta(hours=1)}
    page.evaluate("window.untouched = true")
    dialog.get_by_role("button", name="Stay signed in").click()
    expect(dialog).to_be_hidden()
    assert page.evaluate("window.untouched") is True
    assert here.complaints == []


def test_after_back_a_value_can_be_copied(visitor: Any, user: Any) -> None:
    here = visitor(permissions=["clipboard-read", "clipboard-write"])
    here.sign_in(user)
    page = here.go("/account/reauthenticate/?next=/account/2fa/totp/activate/")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#key")).to_be_visible()
    go_back_within(page)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert here.complaints == []


@pytest.mark.parametrize("anew", [True, False], ids=["loaded anew", "put into the page"])
def test_back_on_the_security_log_shows_the_whole_page(visitor: Any, user: Any, anew: bool) -> None:
    here = visitor()
    here.sign_in(user)
    page = here.go("/account/devices/log/")
    if not anew:
        put_into_the_page(page)
    choice = page.get_by_label("Show")
    for kind in ("sign-outs", "sign-ins"):
        choice.select_option(kind)
        page.wait_for_url(f"**kind={kind}**")
    page.go_back()
    page.wait_for_url("**kind=sign-outs**")
    expect(choice).to_have_value("sign-outs")
    expect(page.get_by_role("heading", name="Security log")).to_be_visible()
    expect(page.get_by_role("banner")).to_be_visible()
    assert here.complaints == []
