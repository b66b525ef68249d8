"""Light or dark, and the language, chosen in a real browser, which runs no scripts."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GROUND = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(245, 247, 247)", "rgb(16, 22, 24)"
BOXES = """controls => controls.map(control => {
  const {width, height} = control.getBoundingClientRect();
  return {width, height, text: control.innerText};
})"""


def opened(page: Any) -> Any:
    """The choices in the foot of the page, which a line opens."""
    choices = page.locator("details.preferences")
    if choices.get_attribute("open") is None:
        choices.locator("summary").click()
    return choices


@pytest.mark.parametrize(("system", "chosen", "ground"), [("light", "Dark", DARK), ("dark", "Light", LIGHT)])
def test_what_was_chosen_wins_over_the_system(
    visitor: Any, user: Any, system: str, chosen: str, ground: str
) -> None:
    here = visitor(color_scheme=system)
    page = here.sign_in(user)
    opened(page).get_by_role("button", name=chosen, exact=True).click()
    expect(opened(page).get_by_role("button", name=chosen, exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    assert page.evaluate(GROUND) == ground
    for path in ("/account/devices/", "/account/2fa/", "/account/devices/log/"):
        here.go(path)
        assert page.evaluate(GROUND) == ground, path
        assert violations(page) == [], path
    opened(page).get_by_role("button", name="Same as the system").click()
    expect(opened(page).get_by_role("button", name="Same as the system")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert page.evaluate(GROUND) != ground
    assert here.complaints == []


def test_the_language_is_chosen_without_scripts_before_anybody_signs_in(visitor: Any) -> None:
    here = visitor(java_script_enabled=False, locale="en-GB", viewport={"width": 320, "height": 800})
    page = here.go("/account/login/")
    opened(page).get_by_role("button", name="العربيّة").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    opened(page).get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert here.complaints == []


@pytest.mark.parametrize("width", [320, 1280])
def test_the_buttons_are_large_enough(visitor: Any, width: int) -> None:
    """WCAG 2.5.5: 44 by 44 px."""
    page = visitor(viewport={"width": width, "height": 800}).go("/account/login/")
    boxes = opened(page).locator("button, summary").evaluate_all(BOXES)
    assert len(boxes) == 1 + 3 + 6
    assert [box for box in boxes if box["width"] < 44 or box["height"] < 44] == []
    assert violations(page) == []


def test_forced_colours_show_what_is_chosen(visitor: Any) -> None:
    page = visitor(forced_colors="active").go("/account/login/")
    opened(page)
    edge = "element => getComputedStyle(element).borderBlockEndColor"
    chosen = page.get_by_role("button", name="Same as the system").evaluate(edge)
    assert chosen != page.get_by_role("button", name="Dark", exact=True).evaluate(edge)
