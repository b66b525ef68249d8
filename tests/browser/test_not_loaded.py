"""The server is away while somebody only looks: the page says so, loads nothing anew and keeps what was typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.axe import violations
from tests.browser.test_compact import many
from tests.browser.test_devices import mark, was_never_left
from tests.conftest import FIREFOX_ON_LINUX
from tests.models import Device

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/account/devices/"
LOG = "/account/devices/log/"
WORDS = "That couldn’t be loaded. Try again."
# What is answered; None: nothing, as by a server that is away.
FAILURES = (None, 404, 500, 503)


def search(page: Page) -> None:
    """By the button alone: what is typed is sent by itself a moment later."""
    field = page.get_by_role("searchbox", name="Find a device")
    field.evaluate("field => { field.value = 'phone 7' }")
    page.get_by_role("button", name="Find", exact=True).click()
    expect(field).to_have_value("phone 7")


def choose(option: str) -> Callable[[Page], Any]:
    return lambda page: page.locator("form[role=search] select").first.select_option(option)


def follow(name: str) -> Callable[[Page], Any]:
    return lambda page: page.get_by_role("link", name=name).first.click()


# The page, what is done there by htmx, and what is seen where it could be had.
LOOKS: dict[str, tuple[str, Callable[[Page], Any], str]] = {
    "a search": (LIST, search, "text=3 devices and apps match."),
    "one kind of devices": (LIST, choose("phones"), "text=30 devices and apps match."),
    "another page of the list": (LIST, follow("Less recent"), "text=Page 2 of 2"),
    "what everywhere means": (LIST, follow("Sign out everywhere, including here"), "dialog[open]"),
    "the form of a name": ("{device}", follow("Rename"), "dialog[open]"),
    "what a loss means": ("{device}", follow("I lost it"), "dialog[open]"),
    "what a stranger means": ("{device}", follow("I don’t recognise it"), "dialog[open]"),
    "a part of the log": (LOG, choose("sign-outs"), "text=No events match."),
}


def fails(status: int | None) -> Callable[[Route], None]:
    def answer(route: Route) -> None:
        if "hx-request" not in route.request.headers:
            route.continue_()
        elif status is None:
            route.abort()
        else:
            route.fulfill(status=status)

    return answer


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_that_failed_is_said_and_can_be_tried_again(visitor: Any, user: Any, look: str) -> None:
    many(user, 30)
    path, act, seen = LOOKS[look]
    page = visitor(user_agent=FIREFOX_ON_LINUX).sign_in(user)
    device = f"{LIST}{Device.objects.get(name='Phone 7').public_id}/"
    page.goto(page.url.replace(LIST, path.format(device=device)))
    mark(page)
    status = page.locator("#devices-status")
    for failure in FAILURES:
        page.route("**/account/devices/**", fails(failure))
        act(page)
        expect(status).to_have_text(WORDS)
        expect(status).to_be_in_viewport()
        expect(page.locator(seen)).to_have_count(0)
        page.unroute("**/account/devices/**")
        page.evaluate("document.getElementById('devices-status').textContent = ''")
    assert violations(page) == []
    act(page)
    expect(page.locator(seen)).to_be_visible()
    expect(status).to_be_empty()
    assert was_never_left(page), "it was not loaded again"
