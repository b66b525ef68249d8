"""The devices page is short, and what people come for is few clicks away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Route, expect

from config.demo.devices import DEVICES
from config.demo.tokens import TOKENS
from sessions_ui import create_token
from tests.aging import settle
from tests.browser.axe import violations
from tests.browser.test_devices import EDGE_ON_WINDOWS
from tests.conftest import FIREFOX_ON_LINUX, Browser
from tests.models import Device, Session

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/account/devices/"
IPHONE = next(device.user_agent for device in DEVICES if device.key == "phone")
# What the page of the demo may take, its header and footer included.
MOST = {1280: 1500, 390: 2300}
LOOK = "document.dispatchEvent(new CustomEvent('sessions-ui:changed'))"
HEIGHT = "document.documentElement.scrollHeight"
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def as_in_the_demo(user: Any) -> None:
    """The devices and tokens of the demo's first person, as `make run` has them a moment after a sign-in: one more
    device is flagged, one is signed out, and four are on the map."""
    from sessions_ui.client.place import places_in
    from sessions_ui.conf import conf

    now = timezone.now()
    find = places_in(conf.geoip_path).of
    for each in (device for device in DEVICES if device.person.email.startswith("ada@")):
        other = Browser(user_agent=each.user_agent, address=each.address, **hints(each))
        other.sign_in(user)
        row = Session.objects.latest("pk")
        place = find(each.address)
        Session.objects.filter(pk=row.pk).update(
            kind=Session.Kind.APP if each.is_app else Session.Kind.BROWSER,
            signed_in_at=now - timedelta(days=each.days),
            last_seen_at=now - timedelta(hours=each.hours),
            place=place.to_dict() if place else None,
            verdict="" if each.known else "suspicious",
            verdict_reasons=None if each.known else ["new_device", "new_country", "impossible_travel"],
            reviewed_at=None,
            **(
                {"ended_at": now - timedelta(hours=each.hours), "end_reason": "signed_out"}
                if each.signs_out
                else {}
            ),
        )
        Device.objects.filter(pk=row.device_id).update(kind="app" if each.is_app else row.device.kind)
    for token in TOKENS:
        ends = now + timedelta(days=token.valid)
        made = create_token(
            user=user, name=token.name, scopes=token.scopes, expires_at=ends, agent=token.agent
        )
        used = now - timedelta(hours=token.hours)
        Session.objects.filter(pk=made.token.pk).update(last_seen_at=used, signed_in_at=used)


def hints(device: Any) -> dict[str, str]:
    sent = {**device.hints, **device.asked_hints}
    return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in sent.items()}


def test_the_page_of_the_demo_is_short_at_both_widths(visitor: Any, user: Any) -> None:
    as_in_the_demo(user)
    here = visitor(user_agent=FIREFOX_ON_LINUX)
    here.sign_in(user)
    own = Session.objects.latest("pk")
    Session.objects.filter(pk=own.pk).update(verdict="new", verdict_reasons=["new_device"], reviewed_at=None)
    Session.objects.exclude(pk=own.pk).filter(verdict="suspicious").update(reviewed_at=None)
    page = here.go(PAGE)
    for text in (
        "needs a look",
        "Not confirmed yet",
        "Where your devices are, roughly",
        "See the proof",
        "Backup of",
    ):
        expect(page.get_by_text(text).first).to_be_visible()
    assert page.locator(".sui-card").count() == 10
    for width, most in MOST.items():
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(HEIGHT) <= most, width
        assert page.evaluate(SIDEWAYS) <= 0
        assert violations(page) == []
    for summary in page.locator(".sui-card__open > summary").all():
        summary.click()
    assert violations(page) == []
    assert here.complaints == []


class Clicks:
    """Clicks of a person, counted; only what is in sight can be clicked."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, what: Locator) -> None:
        what.click()
        self.count += 1


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_stolen_phone_is_found_and_out_with_the_proof_on_the_screen_in_four_clicks(
    visitor: Any, user: Any, width: int, scripts: bool
) -> None:
    thief = Browser(user_agent=IPHONE, address="2.125.160.217")
    thief.sign_in(user)
    Browser(user_agent=EDGE_ON_WINDOWS).sign_in(user)
    here = visitor(
        user_agent=FIREFOX_ON_LINUX, viewport={"width": width, "height": 800}, java_script_enabled=scripts
    )
    page = here.sign_in(user)
    click = Clicks()
    phone = page.locator(".sui-card", has=page.get_by_role("heading", name="Safari on iOS"))
    click(phone.locator(".sui-card__open > summary"))
    click(phone.get_by_role("link", name="Lost, or not yours? Safari on iOS"))
    click(page.get_by_role("link", name="I lost it"))
    click(page.get_by_role("button", name="Sign out this device"))
    proof = page.get_by_role("heading", name="The device is signed out")
    expect(proof).to_be_visible()
    assert click.count == 4
    expect(page.get_by_text("It hasn’t tried to come back yet")).to_be_in_viewport(ratio=1)
    assert thief.get(PAGE).status_code == 302
    if scripts:
        page.evaluate("document.dispatchEvent(new CustomEvent('sessions-ui:changed'))")
    else:
        page.reload()
    expect(page.get_by_text("It tried to come back")).to_be_visible()
    assert Session.objects.living().filter(user=user).count() == 2


def test_signing_out_in_the_list_shows_the_proof_at_the_second_click(visitor: Any, user: Any) -> None:
    Browser(user_agent=EDGE_ON_WINDOWS).sign_in(user)
    page = visitor(user_agent=FIREFOX_ON_LINUX, viewport={"width": 390, "height": 800}).sign_in(user)
    click = Clicks()
    click(page.get_by_role("button", name="Sign out Edge on Windows"))
    click(page.locator("#devices-status").get_by_role("link", name="See the proof"))
    expect(page.get_by_role("heading", name="The device is signed out")).to_be_visible()
    assert click.count == 2


def many(user: Any, count: int) -> None:
    now = timezone.now()
    for number in range(count):
        device = Device.objects.create(user=user, name=f"Phone {number}", kind="phone")
        Session.objects.create(
            user=user,
            device=device,
            digest=f"{number:064}",
            signed_in_at=now - timedelta(days=1),
            last_seen_at=now - timedelta(hours=1, minutes=number),
            expires_at=now + timedelta(days=9),
        )


def test_finding_one_of_many_while_typing(visitor: Any, user: Any) -> None:
    many(user, 30)
    here = visitor(user_agent=FIREFOX_ON_LINUX)
    page = here.sign_in(user)
    settle(user)
    page.evaluate("window.untouched = true")
    field = page.get_by_role("searchbox", name="Find a device")
    field.press_sequentially("phone 27")
    expect(page.get_by_text("1 device or app matches.")).to_be_visible()
    expect(field).to_be_focused()
    assert violations(page) == []
    page.get_by_role("button", name="Sign out Phone 27").click()
    expect(page.locator("#devices-status")).to_contain_text("Phone 27 is signed out.")
    expect(page.get_by_text("0 devices and apps match.")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    page.get_by_role("link", name="Less recent").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    expect(page.get_by_role("heading", name="Other devices")).to_be_focused()
    page.get_by_role("button", name="Sign out Phone 25").click()
    expect(page.locator("#devices-status")).to_contain_text("Phone 25 is signed out.")
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Page 1 of 2")).to_be_visible()
    assert here.complaints == []


@pytest.mark.parametrize("meanwhile", ["news", "a sign-out"])
def test_what_was_searched_for_is_shown_whatever_takes_the_place_of_the_list_meanwhile(
    visitor: Any, user: Any, meanwhile: str
) -> None:
    many(user, 12)
    page = visitor(user_agent=FIREFOX_ON_LINUX).sign_in(user)
    held: list[Route] = []
    for address in ("**/devices/list/**", "**/devices/?q=**", "**/sign-out/"):
        page.route(address, lambda route: held.append(route))
    if meanwhile == "a sign-out":
        with page.expect_request("**/sign-out/"):
            page.get_by_role("button", name="Sign out Phone 3", exact=True).click()
    if meanwhile == "news":
        with page.expect_request("**/devices/list/**"):
            page.evaluate(LOOK)
    with page.expect_request("**/devices/?q=**"):
        page.get_by_role("searchbox", name="Find a device").fill("phone 7")
    page.route("**/devices/list/**", lambda route: route.abort())  # no later look brings it
    for route in held:
        with page.expect_response(route.request.url):
            route.continue_()
    expect(page.get_by_text("1 device or app matches.")).to_be_visible()


def test_what_is_opened_stays_open_and_times_go_on(visitor: Any, user: Any) -> None:
    many(user, 1)
    here = visitor(user_agent=FIREFOX_ON_LINUX)
    page = here.sign_in(user)
    row = page.locator(".sui-card", has=page.get_by_role("heading", name="Phone 0"))
    summary = row.locator(".sui-card__open > summary")
    summary.click()
    expect(summary).to_be_focused()
    Session.objects.filter(device__name="Phone 0").update(last_seen_at=timezone.now())
    page.evaluate("document.dispatchEvent(new CustomEvent('sessions-ui:changed'))")
    expect(row.get_by_text("Active now")).to_be_visible()
    expect(summary).to_be_focused()
    summary.blur()
    Session.objects.filter(device__name="Phone 0").update(last_seen_at=timezone.now() - timedelta(hours=5))
    page.evaluate("document.dispatchEvent(new CustomEvent('sessions-ui:changed'))")
    expect(row.get_by_text("5 h ago")).to_be_visible()
    expect(row.get_by_text("Lost, or not yours?")).to_be_visible()
    assert here.complaints == []


def test_an_open_page_looks_at_the_clock_by_itself(visitor: Any, user: Any) -> None:
    many(user, 1)
    here = visitor(user_agent=FIREFOX_ON_LINUX)
    here.page.clock.install()
    page = here.sign_in(user)
    Session.objects.filter(device__name="Phone 0").update(last_seen_at=timezone.now() - timedelta(hours=7))
    page.clock.fast_forward(61_000)
    expect(page.get_by_text("7 h ago").first).to_be_visible()


def test_signing_out_everywhere_asks_first_and_says_what_it_did(visitor: Any, user: Any) -> None:
    Browser(user_agent=EDGE_ON_WINDOWS).sign_in(user)
    here = visitor(user_agent=FIREFOX_ON_LINUX)
    page = here.sign_in(user)
    page.get_by_role("link", name="Sign out everywhere, including here").click()
    dialog = page.get_by_role("dialog", name="Sign out everywhere?")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    expect(dialog.get_by_text("Ends all 2 sign-ins, including this one.")).to_be_visible()
    assert violations(page) == []
    dialog.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_role("heading", name="Signed out everywhere")).to_be_visible()
    expect(page.get_by_text("2 sign-ins.")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("link", name="Sign in", exact=True).click()
    page.wait_for_url("**/account/login/**")
    assert here.complaints == []
