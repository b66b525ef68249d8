"""The main job in a real browser, with and without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import sign_in_elsewhere
from tests.conftest import FIREFOX_ON_LINUX
from tests.models import Session

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EDGE_ON_WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"
)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def mark(page: Page) -> None:
    page.evaluate("window.untouched = true")


def was_never_left(page: Page) -> bool:
    return bool(page.evaluate("window.untouched === true"))


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_sign_out_one_browser_from_the_other(visitor: Any, user: Any, scripts: bool) -> None:
    here = visitor(user_agent=FIREFOX_ON_LINUX, java_script_enabled=scripts)
    there = visitor(user_agent=EDGE_ON_WINDOWS, java_script_enabled=scripts)
    there.sign_in_by_hand(user)
    device = Session.objects.select_related("device").get(user=user).device
    assert device is not None
    name = device.title  # by the hints of the browser that drives it, which are not those of Edge
    page = here.sign_in_by_hand(user)
    expect(page.get_by_text("2 devices signed in")).to_be_visible()

    page.get_by_role("button", name=f"Sign out {name}").click()
    expect(page.get_by_text(f"{name} is signed out.")).to_be_visible()
    expect(page.get_by_text("1 device signed in")).to_be_visible()

    if not scripts:
        there.page.get_by_role("link", name="Devices", exact=True).click()
    # With scripts the page has noticed by itself (test_live.py).
    expect(there.page).to_have_url(f"{there.url}/account/login/?next=/account/devices/")
    expect(there.page.get_by_text("You were signed out.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("turned away")).to_be_visible()
    expect(page.locator(".sui-card--current")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_rename(visitor: Any, user: Any, scripts: bool) -> None:
    page = visitor(java_script_enabled=scripts, user_agent=FIREFOX_ON_LINUX).sign_in(user)
    page.locator(".sui-card__open > summary").click()
    page.get_by_role("link", name="Rename").click()
    expect(page.get_by_label("Your name for this device")).to_be_focused()
    page.get_by_label("Your name for this device").fill("Kitchen")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Kitchen")).to_be_visible()
    expect(page.get_by_text("Private network · Firefox on Linux")).to_be_visible()
    if scripts:
        expect(page.locator("summary", has=page.get_by_role("heading", name="Kitchen"))).to_be_focused()


def test_the_list_is_replaced_without_leaving_the_page(visitor: Any, user: Any) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    sign_in_elsewhere(user, user_agent=FIREFOX_ON_LINUX)
    here = visitor(user_agent=FIREFOX_ON_LINUX)
    page = here.sign_in(user)
    status = page.locator("#devices-status")
    mark(page)

    page.get_by_role("button", name="Sign out Edge on Windows").click()
    expect(status).to_contain_text("Edge on Windows is signed out.")
    # The next card has the focus, not the top of the page.
    rows = page.locator(".sui-card__open > summary", has=page.get_by_role("heading", name="Firefox on Linux"))
    expect(rows.nth(1)).to_be_focused()

    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(status).to_contain_text("1 sign-in elsewhere was ended.")
    expect(page.get_by_role("heading", name="Other devices")).to_be_focused()
    assert was_never_left(page)
    assert here.complaints == []


def test_an_answer_that_was_lost_is_not_said_to_have_changed_nothing(visitor: Any, user: Any) -> None:
    """The server has done it; the page finds out by itself, once the site answers again."""
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    page = visitor(user_agent=FIREFOX_ON_LINUX).sign_in(user)

    def lose(route: Route) -> None:
        route.fetch()  # it arrives, and is done
        page.route("**/account/devices/", lambda route: route.abort())
        route.abort()

    page.route("**/sign-out/", lose)
    mark(page)
    page.get_by_role("button", name="Sign out Edge on Windows").click()
    expect(page.locator("#devices-status")).to_contain_text("We don’t know whether that worked")
    expect(page.get_by_role("button", name="Sign out Edge on Windows")).to_be_visible()
    assert was_never_left(page)
    page.unroute("**/account/devices/")
    expect(page.get_by_text("1 device signed in")).to_be_visible()
    assert not was_never_left(page), "it was loaded again"


def test_news_that_were_on_their_way_do_not_take_away_what_is_not_known(visitor: Any, user: Any) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    page = visitor(user_agent=FIREFOX_ON_LINUX).sign_in(user)
    held: list[Route] = []
    page.route("**/account/devices/list/*", lambda route: held.append(route))
    page.route("**/account/devices/", lambda route: route.abort())
    page.route("**/sign-out/", lambda route: route.abort())
    with page.expect_request("**/account/devices/list/*"):
        page.evaluate("document.dispatchEvent(new Event('sessions-ui:changed'))")
    page.get_by_role("button", name="Sign out Edge on Windows").click()
    status = page.locator("#devices-status")
    expect(status).to_contain_text("We don’t know whether that worked")
    sign_in_elsewhere(user)
    with page.expect_response("**/account/devices/list/*"):
        held[0].continue_()
    page.evaluate("new Promise((done) => setTimeout(done))")  # whoever waited for it has gone on
    expect(status).to_contain_text("We don’t know whether that worked")


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_in_trouble_may_have_done_it(visitor: Any, user: Any, status: int) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    page = visitor(user_agent=FIREFOX_ON_LINUX).sign_in(user)
    page.route("**/sign-out/", lambda route: route.fulfill(status=status))
    page.route("**/account/devices/", lambda route: route.fulfill(status=status))
    page.get_by_role("button", name="Sign out Edge on Windows").click()
    expect(page.locator("#devices-status")).to_contain_text("We don’t know whether that worked")


def test_what_a_renewed_sign_in_got_in_the_way_of_may_have_been_done(visitor: Any, user: Any) -> None:
    """It said "Nothing was changed" where the server could not tell."""
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    page = visitor(user_agent=FIREFOX_ON_LINUX).sign_in(user)
    page.route("**/sign-out/", lambda route: route.fulfill(status=409))
    page.route("**/account/devices/", lambda route: route.abort())
    mark(page)
    page.get_by_role("button", name="Sign out Edge on Windows").click()
    expect(page.locator("#devices-status")).to_contain_text("We don’t know whether that worked")
    page.unroute("**/account/devices/")
    expect(page.locator("#devices-status")).to_be_empty()
    assert not was_never_left(page), "it was loaded again"
    expect(page.get_by_role("button", name="Sign out Edge on Windows")).to_be_visible()


def test_whoever_waits_reads_what_for_and_waits_for_15_seconds(visitor: Any, user: Any) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    page = visitor(user_agent=FIREFOX_ON_LINUX).sign_in(user)
    held: list[Route] = []
    page.route("**/sign-out/", lambda route: held.append(route))
    page.evaluate(
        "document.addEventListener('htmx:beforeSend', (event) => { window.limit = event.detail.xhr.timeout })"
    )
    page.get_by_role("button", name="Sign out Edge on Windows").click()
    expect(page.locator("#devices-status")).to_have_text("Signing out…")
    assert page.evaluate("window.limit") == 15_000
    held[0].continue_()
    expect(page.locator("#devices-status")).to_contain_text("Edge on Windows is signed out.")


def test_a_failed_request_is_said_and_changes_nothing(visitor: Any, user: Any) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    page = visitor(user_agent=FIREFOX_ON_LINUX).sign_in(user)
    page.route("**/sign-out/", lambda route: route.fulfill(status=403))
    button = page.get_by_role("button", name="Sign out Edge on Windows")
    button.click()
    expect(page.locator("#devices-status")).to_contain_text("That didn’t work")
    expect(button).to_be_focused()
    page.unroute("**/sign-out/")
    button.click()
    expect(page.locator("#devices-status")).to_contain_text("Edge on Windows is signed out.")


def test_a_click_in_a_page_that_was_signed_out_meanwhile(visitor: Any, user: Any) -> None:
    there = visitor(user_agent=EDGE_ON_WINDOWS)
    there.context.route("**/live.js", lambda route: route.abort())  # else the page is empty by then
    old = there.sign_in(user)
    visitor(user_agent=FIREFOX_ON_LINUX).sign_in(user).get_by_role("button", name="everywhere else").click()
    old.get_by_role("button", name="Sign out here, on this device").click()
    expect(old).to_have_url(f"{there.url}/account/login/?next=/account/devices/")
    expect(old.get_by_text("You were signed out.")).to_be_visible()


def test_signing_out_everywhere_signs_out_here(visitor: Any, user: Any) -> None:
    here = visitor(user_agent=FIREFOX_ON_LINUX)
    page = here.sign_in(user)
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    page.reload()
    page.get_by_role("link", name="Sign out everywhere, including here").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_role("heading", name="Signed out everywhere")).to_be_visible()
    here.go("/account/devices/")
    page.wait_for_url("**/account/login/**")


def test_the_keyboard_is_enough(visitor: Any, user: Any) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    page = visitor(user_agent=FIREFOX_ON_LINUX).sign_in(user)
    page.get_by_role("button", name="Sign out Edge on Windows").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#devices-status")).to_contain_text("Edge on Windows is signed out.")
    page.keyboard.press("Tab")
    assert focused(page) != ""


def test_two_people_at_once_see_and_end_only_their_own(visitor: Any, user: Any, other_user: Any) -> None:
    hers, theirs = visitor(user_agent=FIREFOX_ON_LINUX), visitor(user_agent=FIREFOX_ON_LINUX)
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    elsewhere = visitor(user_agent=EDGE_ON_WINDOWS)
    elsewhere.sign_in(other_user)
    page, their_page = hers.sign_in(user), theirs.sign_in(other_user)
    for own in (page, their_page):
        expect(own.get_by_text("2 devices signed in")).to_be_visible()

    page.get_by_role("button", name="Sign out Edge on Windows").click()
    expect(page.get_by_text("1 device signed in")).to_be_visible()
    their_page.reload()
    expect(their_page.get_by_text("2 devices signed in")).to_be_visible()
    elsewhere.page.reload()
    expect(elsewhere.page.get_by_role("heading", name="Your devices")).to_be_visible()
