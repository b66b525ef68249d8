"""Every state in every dress: widths, schemes, forced colours, right to left, enlarged, in another site's styles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.conftest import FIREFOX_ON_LINUX
from tests.models import Device, Session

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
HOST_STYLES = Path(__file__).parent / "host.css"


def fill(user: Any) -> None:
    """One of everything that the page can show beside this device."""
    now = timezone.now()

    def add(name: str, **fields: Any) -> None:
        about = {key: fields.pop(key) for key in ("lost_at", "kind") if key in fields}
        device = Device.objects.create(user=user, name=name, browser="Firefox", system="Android", **about)
        values = {"signed_in_at": now, "expires_at": now + timedelta(days=9), "method": "passkey", **fields}
        Session.objects.create(user=user, device=device, digest=f"{name:_<64}", **values)

    place = {
        "city": "Lagos",
        "country": "Nigeria",
        "country_code": "NG",
        "latitude": 6.5,
        "longitude": 3.4,
        "radius_km": 20,
    }
    add("Phone", kind="phone", place=place, address="2001:db8:1234:5678:9abc:def0:1234:5678")
    add("Odd", kind="tablet", verdict="suspicious", verdict_reasons=["new_device", "new_country"])
    add("Unused", last_seen_at=now - timedelta(days=40))
    add("Found", lost_at=now)
    add("Gone", ended_at=now, end_reason="help_desk", refused_at=now)


@pytest.fixture
def person(visitor: Any, user: Any, settings: Any) -> Iterator[Any]:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IDLE_TIMEOUT": None, "ABSOLUTE_TIMEOUT": None}
    here = visitor(user_agent=FIREFOX_ON_LINUX)
    here.sign_in(user)
    fill(user)
    yield here
    assert here.complaints == []


def open_all(page: Page) -> None:
    for summary in page.locator("main summary").all():
        summary.click()


def dress(page: Page, css: str) -> None:
    """One more style sheet, by the way that the policy leaves to whoever drives the browser."""
    page.evaluate(
        "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet] }",
        css,
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_and_nothing_sideways(person: Any, scheme: str) -> None:
    page = person.page
    page.emulate_media(color_scheme=scheme)
    person.go("/account/devices/")
    open_all(page)
    for heading in (
        "Needs a look",
        "Not used for 30 days (1)",
        "Recently signed out",
        "Where your devices are, roughly",
    ):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    assert violations(page) == []
    phone = Device.objects.get(name="Phone").public_id
    for path in (
        "/account/devices/",
        f"/account/devices/{phone}/",
        f"/account/devices/{phone}/what/not_mine/",
    ):
        person.go(path)
        open_all(page)
        for width in (1280, 390, 320):
            page.set_viewport_size({"width": width, "height": 700})
            assert page.evaluate(SIDEWAYS) <= 0, (path, width)
        assert violations(page) == [], path


def test_forced_colours_keep_what_is_what(person: Any) -> None:
    page = person.page
    page.emulate_media(forced_colors="active")
    person.go("/account/devices/")
    dot = page.locator(".sui-active").first.evaluate(
        "element => getComputedStyle(element, '::before').backgroundColor"
    )
    assert dot not in ("rgba(0, 0, 0, 0)", "transparent")
    border = page.get_by_role("button", name="Sign out Phone").evaluate(
        "element => getComputedStyle(element).borderTopWidth"
    )
    assert border != "0px"
    assert violations(page) == []


@pytest.mark.parametrize("dressed", [{}, {"forced_colors": "active"}, {"media": "print"}], ids=str)
def test_the_map_has_its_land_and_circles_that_can_be_seen(person: Any, dressed: dict[str, Any]) -> None:
    page = person.page
    page.set_viewport_size({"width": 320, "height": 700})
    page.emulate_media(**dressed)
    person.go("/account/devices/")
    page.locator("#map > summary").click()
    land = page.locator(".sui-map__land")
    # Of the file that it refers to: without that there is nothing to measure.
    page.wait_for_function("document.querySelector('.sui-map__land').getBBox().width > 900")
    circle = page.locator(".sui-map__spot")
    expect(circle).to_have_count(1)
    box = circle.bounding_box()
    assert box is not None
    assert box["width"] >= 6
    fill = "element => getComputedStyle(element).fill"
    assert land.evaluate(fill) not in ("none", circle.evaluate(fill))
    expect(page.locator(".sui-map li").filter(has_text="Lagos, Nigeria")).to_contain_text("Phone")


def test_enlarged_to_200_percent(person: Any) -> None:
    """WCAG 1.4.4 and 1.4.10: a window of 1280 px at 200 % is 640 px wide; here the text is twice as large, too."""
    page = person.page
    page.set_viewport_size({"width": 640, "height": 512})
    person.go("/account/devices/")
    dress(page, "html { font-size: 200% }")
    open_all(page)
    assert page.evaluate(SIDEWAYS) <= 0


def test_right_to_left(person: Any) -> None:
    page = person.page
    person.go("/account/devices/")
    page.evaluate("document.documentElement.dir = 'rtl'")
    open_all(page)
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate(SIDEWAYS) <= 0
    card = page.locator(".sui-card", has_text="Phone").first
    icon, title = card.locator("summary > .sui-icon").first.bounding_box(), card.locator("h3").bounding_box()
    assert icon is not None and title is not None
    assert icon["x"] > title["x"]


def test_inside_of_a_host_with_styles_for_bare_elements(person: Any) -> None:
    """As Bootstrap resets them, in no layer."""
    page = person.page
    person.go("/account/devices/")
    page.set_viewport_size({"width": 1280, "height": 900})
    look = """() => ['.sui-card__open > summary', '.sui-cards', '.sui-card', '.sui-facts', '.sui-card h3',
                            '.sui-button', '.sui-more-link']
        .map(name => { const style = getComputedStyle(document.querySelector(name));
                       return [name, style.display, style.paddingInlineStart, style.marginBlockEnd, style.fontSize,
                               style.borderTopLeftRadius].join(' ') })"""
    before = page.evaluate(look)
    dress(page, HOST_STYLES.read_text(encoding="utf-8"))
    assert page.evaluate(look) == before


def test_the_back_button_after_a_sign_out_shows_nothing_private(person: Any) -> None:
    page = person.page
    person.go("/account/devices/")
    page.get_by_role("button", name="Sign out here, on this device").click()
    page.wait_for_url("**/account/login/**")
    page.go_back()
    page.wait_for_url("**/account/login/**")
    assert "Phone" not in page.content()


def test_the_warning_before_the_idle_timeout(visitor: Any, user: Any, settings: Any) -> None:
    limits = {"IDLE_TIMEOUT": timedelta(seconds=100), "LAST_SEEN_EVERY": timedelta(0)}
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **limits}
    here = visitor()
    page = here.sign_in(user)
    dialog = page.get_by_role("dialog", name="Are you still there?")
    expect(dialog).to_be_visible()  # two minutes before, and there are less than two
    assert violations(page) == []
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IDLE_TIMEOUT": timedelta(hours=1)}
    dialog.get_by_role("button", name="Stay signed in").click()
    expect(dialog).to_be_hidden()
    assert here.complaints == []
