"""Scripts on their way: until they are there, a page works as one without any."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import sign_in_elsewhere
from tests.conftest import FIREFOX_ON_LINUX

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EVERYWHERE = "Sign out everywhere, including here"
IS_SHOWN = "() => document.querySelector('h1') !== null"
PRESS = "name => [...document.links].find(link => link.textContent.trim() === name).click()"


@pytest.fixture
def half_loaded(visitor: Any, user: Any) -> Any:
    """A devices page that is drawn while htmx is on its way, and what lets it come."""
    sign_in_elsewhere(user, user_agent=FIREFOX_ON_LINUX)
    here = visitor()
    here.sign_in(user)
    late: list[Route] = []
    here.context.route("**/htmx*.js", lambda route: late.append(route))
    here.page.goto(here.page.url, wait_until="commit")
    here.page.wait_for_function(IS_SHOWN)
    return here.page, lambda: [route.continue_() for route in late]


def test_who_is_faster_than_they_are_gets_the_page(half_loaded: Any) -> None:
    page, _come = half_loaded
    page.evaluate(PRESS, EVERYWHERE)
    expect(page.get_by_role("heading", name="Sign out everywhere?", level=1)).to_be_visible()


def test_a_click_of_the_tests_comes_after_them(half_loaded: Any) -> None:
    page, come = half_loaded
    assert page.evaluate("getComputedStyle(document.body).pointerEvents") == "none"
    come()
    page.get_by_role("link", name=EVERYWHERE, exact=True).click()
    expect(page.get_by_role("dialog", name="Sign out everywhere?")).to_be_visible()
