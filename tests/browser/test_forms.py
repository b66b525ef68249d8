"""Forms in a real browser: "Back", the focus, Esc, what is shown and copied, and what a thumb hits."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from playwright.sync_api import Page, Route, expect

from sessions_ui.delivery import deliver_due
from tests.aging import age_sign_ins
from tests.browser.conftest import sign_in_elsewhere
from tests.browser.test_devices import EDGE_ON_WINDOWS
from tests.browser.test_help_desk import at_the_desk, open_case, verify, with_factor
from tests.browser.test_tokens import VALUE, fill_in
from tests.conftest import FIREFOX_ON_LINUX, PASSWORD
from tests.models import AccessToken, Device, Session, VerificationCode

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BOTH = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# What is pressed, but for a link in a sentence: with its label, where that can be pressed, too.
SMALL = """() => [...document.querySelectorAll('main :is(button, summary, input, select, textarea, a)')]
  .filter(one => one.checkVisibility({visibilityProperty: true}) && one.type !== 'hidden' && !(one.matches('a') &&
    [...one.parentElement.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())))
  .map(one => one.matches('[type=checkbox], [type=radio]') ? one.closest('label') ?? one.labels[0] ?? one : one)
  .map(one => [one.getBoundingClientRect(), one.outerHTML.slice(0, 120)])
  .filter(([box]) => box.width && (box.width < 44 || box.height < 44))
  .map(([box, html]) => `${box.width} ${box.height} ${html}`)"""


def back_to(page: Page, heading: str) -> None:
    """A page is there, and no question of the browser whether to send a form again."""
    page.go_back()
    expect(page.get_by_role("heading", name=heading)).to_be_visible()


def mailed_code() -> str:
    deliver_due()
    bodies = "\n".join(str(message.body) for message in mail.outbox)
    return str(re.findall(r"^    (\d{6})$", bodies, re.MULTILINE)[-1])


# --- "Back"


def test_back_after_the_question_who_is_there_shows_it(visitor: Any, user: Any) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    here = visitor(user_agent=FIREFOX_ON_LINUX, java_script_enabled=False)
    page = here.sign_in(user)
    age_sign_ins(user)
    page.get_by_role("button", name="Sign out Edge on Windows").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Edge on Windows is signed out.")).to_be_visible()
    back_to(page, "Confirm it’s you")
    expect(page.get_by_text("Sign out “Edge on Windows”")).to_be_visible()
    back_to(page, "Your devices")


@BOTH
def test_back_after_a_code_shows_the_page_and_sends_nothing(visitor: Any, user: Any, scripts: bool) -> None:
    """With scripts without htmx, which would ask in a dialog."""
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    here = visitor(user_agent=FIREFOX_ON_LINUX, java_script_enabled=scripts)
    here.context.route("**/htmx*.js", lambda route: route.abort())
    page = here.sign_in(user)
    Device.objects.filter(browser="Firefox").update(confirmed_at=None)
    mail.outbox.clear()
    page.get_by_role("button", name="Sign out Edge on Windows").click()
    expect(page.get_by_text("A code is on its way to a•••@people.example.")).to_be_visible()
    page.get_by_label("The code from the email").fill(mailed_code())
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Edge on Windows is signed out.")).to_be_visible()
    back_to(page, "One more step to confirm it’s you")
    assert (VerificationCode.objects.count(), Session.objects.living().count()) == (1, 1)


@BOTH
def test_back_from_a_value_shows_no_value_and_makes_none(visitor: Any, user: Any, scripts: bool) -> None:
    here = visitor(java_script_enabled=scripts)
    page = here.sign_in(user)
    fill_in(page)
    page.get_by_role("button", name="Create the token").click()
    expect(page.get_by_label("Access token")).to_have_value(VALUE)
    value = page.get_by_label("Access token").input_value()
    assert value not in page.url
    page.get_by_role("link", name="I’ve saved it").click()
    page.go_back()
    expect(page.get_by_text("We show the value only once")).to_be_visible()
    assert value not in page.content()
    assert AccessToken.objects.filter(session__user=user).count() == 1


@BOTH
def test_back_from_the_receipt_of_a_call_leads_to_it_again(
    visitor: Any, user: Any, agent: Any, scripts: bool
) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    page = at_the_desk(visitor, with_factor(agent), java_script_enabled=scripts).page
    open_case(page, user.email)
    verify(page)
    page.get_by_role("checkbox", name="Edge on Windows").check()
    page.get_by_role("button", name="Sign out selected").click()
    expect(page.get_by_role("heading", name="Check what will happen")).to_be_visible()
    page.get_by_role("button", name="Sign out selected").click()
    expect(page.get_by_text("Edge on Windows: signed out")).to_be_visible()
    receipt = page.url
    page.go_back()
    expect(page).to_have_url(receipt)
    expect(page.get_by_text("Edge on Windows: signed out")).to_be_visible()


def test_back_to_a_form_that_was_not_right_shows_it_where_scripts_run(visitor: Any, user: Any) -> None:
    here = visitor()
    here.sign_in(user)
    page = here.go("/account/devices/tokens/new/")
    page.get_by_role("button", name="Create the token").click()
    expect(page.get_by_text("This field is required.").first).to_be_visible()
    here.go("/account/email/")
    back_to(page, "Create an access token")


# --- The focus


def test_the_focus_goes_to_what_was_wrong(visitor: Any, user: Any) -> None:
    page = visitor(java_script_enabled=False).send_sign_in(user)
    page.wait_for_url("**/account/devices/")
    page.goto(page.url + "tokens/new/")
    page.get_by_label("Name", exact=True).fill("Backup")
    page.get_by_role("button", name="Create the token").click()
    expect(page.get_by_role("group", name="What it may do")).to_be_focused()
    page.get_by_label("Name", exact=True).fill("")
    page.get_by_role("button", name="Create the token").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()


def test_after_a_failed_sign_in_it_is_at_the_sentence_that_says_so(visitor: Any, user: Any) -> None:
    page = visitor().go("/account/login/")
    expect(page.get_by_label("Email")).to_be_focused()
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill("wrong")
    page.keyboard.press("Enter")
    focused = page.locator(":focus")
    expect(focused).to_contain_text("not correct")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Email")).to_be_focused()


@pytest.mark.parametrize("on", ["the list", "its page"])
def test_renaming_begins_in_the_field_and_escape_leads_back(visitor: Any, user: Any, on: str) -> None:
    here = visitor(user_agent=FIREFOX_ON_LINUX)
    page = here.sign_in(user)
    if on == "the list":
        page.locator(".sui-card__open > summary").click()
    else:
        here.go(f"/account/devices/{Device.objects.get(user=user).public_id}/")
    link = page.get_by_role("link", name="Rename")
    link.click()
    field = page.get_by_role("dialog").get_by_label("Your name for this device")
    expect(field).to_be_focused()
    field.fill("Kitchen")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(link).to_be_focused()
    assert Device.objects.get(user=user).name == ""


# --- Pressed twice


def press_twice(page: Page, name: str) -> None:
    """As somebody does for whom it takes too long. By timers: Playwright's own click waits for the page to come."""
    twice = """button => {
      setTimeout(() => button.click());
      setTimeout(() => { button.click(); console.log("pressed twice") }, 300);
    }"""
    with page.expect_console_message(lambda message: message.text == "pressed twice"):
        page.get_by_role("button", name=name, exact=True).evaluate(twice)
    page.wait_for_timeout(300)  # for what should not be sent


def test_a_form_that_is_on_its_way_is_not_sent_again(visitor: Any, user: Any) -> None:
    """Its answer has the new key of the session, which the browser throws away where another form is sent."""
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    here = visitor(user_agent=FIREFOX_ON_LINUX)
    here.context.route("**/htmx*.js", lambda route: route.abort())
    page = here.sign_in(user)
    age_sign_ins(user)
    page.get_by_role("button", name="Sign out Edge on Windows").click()
    page.get_by_label("Your password").fill(PASSWORD)
    held: list[Route] = []
    page.route("**/devices/confirm/", lambda route: held.append(route))
    press_twice(page, "Confirm")
    assert len(held) == 1
    held[0].continue_()
    expect(page.get_by_text("Edge on Windows is signed out.")).to_be_visible()


def test_a_form_that_is_answered_with_a_file_is_sent_as_often_as_somebody_wants(
    visitor: Any, user: Any
) -> None:
    here = visitor()
    here.sign_in(user)
    page = here.go("/account/devices/log/")
    for name in ("Download as CSV", "Download as JSON", "Download as JSON"):
        with page.expect_download():
            page.get_by_role("button", name=name).click()


# --- Shown, copied, kept


def test_a_password_is_shown_and_hidden_and_sent_as_one(visitor: Any, user: Any) -> None:
    page = visitor().go("/account/login/")
    field = page.locator("input[name=password]")
    page.get_by_label("Email").fill(user.email)
    field.fill(PASSWORD)
    box = page.get_by_label("Show password")
    box.check()
    expect(field).to_have_attribute("type", "text")
    expect(field).to_have_value(PASSWORD)
    box.uncheck()
    expect(field).to_have_attribute("type", "password")
    box.check()
    page.evaluate(
        "document.querySelector('main form').addEventListener('submit', () => "
        "sessionStorage.setItem('sent', document.querySelector('input[name=password]').type))"
    )
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/account/devices/")
    assert page.evaluate("sessionStorage.getItem('sent')") == "password"


def test_without_scripts_there_is_nothing_to_show_or_copy_with(visitor: Any, user: Any) -> None:
    here = visitor(java_script_enabled=False)
    page = here.go("/account/login/")
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    expect(page.get_by_text("Show password")).to_be_hidden()
    here.sign_in(user)
    here.go("/account/reauthenticate/?next=/account/2fa/totp/activate/")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#key")).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)


def test_the_dialog_that_asks_can_show_the_password_too(visitor: Any, user: Any) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    page = visitor(user_agent=FIREFOX_ON_LINUX).sign_in(user)
    age_sign_ins(user)
    page.get_by_role("button", name="Sign out Edge on Windows").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_label("Show password").check()
    expect(dialog.get_by_label("Your password")).to_have_attribute("type", "text")
    dialog.get_by_role("button", name="Confirm").click()
    expect(page.locator("#devices-status")).to_contain_text("Edge on Windows is signed out.")


def test_a_key_and_recovery_codes_are_copied_without_their_gaps(visitor: Any, user: Any) -> None:
    here = visitor(permissions=["clipboard-read", "clipboard-write"])
    here.sign_in(user)
    page = here.go("/account/reauthenticate/?next=/account/2fa/totp/activate/")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert re.fullmatch("[A-Z2-7]{32}", page.evaluate("navigator.clipboard.readText()"))

    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    codes = RecoveryCodes.activate(user).get_unused_codes()
    Session.objects.update(ended_at=None, end_reason="", act=None)
    here.go("/account/2fa/recovery-codes/")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "\n".join(codes)
    assert here.complaints == []


@BOTH
def test_who_forgot_the_password_types_the_address_once(visitor: Any, user: Any, scripts: bool) -> None:
    here = visitor(java_script_enabled=scripts)
    page = here.go("/account/login/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_role("button", name="Forgot your password?").click()
    expect(page.get_by_role("heading", name="Reset your password")).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value(user.email)
    expect(page.get_by_label("Email")).to_be_focused()
    assert user.email not in page.url
    back_to(page, "Sign in")
    assert here.complaints == []


# --- One column, an arrow, a thumb


def test_every_page_of_the_account_begins_at_the_same_edge(visitor: Any, user: Any) -> None:
    here = visitor(viewport={"width": 1280, "height": 900})
    page = here.sign_in(user)
    edges = {}
    for path in (
        "devices/",
        "devices/data/",
        "devices/tokens/new/",
        "2fa/",
        "password/change/",
        "email/",
        "2fa/webauthn/",
    ):
        here.go(f"/account/{path}")
        box = page.get_by_role("heading", level=1).bounding_box()
        brand = page.locator(".brand").bounding_box()
        assert box is not None and brand is not None
        edges[path] = (round(box["x"]), round(brand["x"]))
    assert len({edge for pair in edges.values() for edge in pair}) == 1, edges


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_a_row_has_an_arrow_that_says_that_it_opens(visitor: Any, user: Any, width: int) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    page = visitor(user_agent=FIREFOX_ON_LINUX, viewport={"width": width, "height": 800}).sign_in(user)
    rows = page.locator(".sui-card__open > summary")
    expect(rows).to_have_count(2)
    for row in rows.all():
        arrow = row.locator("> .sui-icon").last
        expect(arrow).to_be_visible()
        before = arrow.evaluate("element => getComputedStyle(element).rotate")
        row.click()
        expect(arrow).to_be_visible()
        assert arrow.evaluate("element => getComputedStyle(element).rotate") != before
        act = row.locator("xpath=../..").get_by_role("button", name="Sign out").last.bounding_box()
        box = arrow.bounding_box()
        assert act is not None and box is not None
        beside = box["x"] + box["width"] <= act["x"] or box["y"] + box["height"] <= act["y"]
        assert beside, "the button does not lie on the arrow"
    assert page.evaluate(SIDEWAYS) <= 0


@pytest.mark.parametrize("width", [320, 390])
def test_what_is_pressed_on_the_accounts_pages_is_large_enough(visitor: Any, user: Any, width: int) -> None:
    """WCAG 2.5.5: 44 by 44 px; links inside of a sentence are exempt."""
    here = visitor(viewport={"width": width, "height": 800})
    page = here.page
    for path in ("login/", "signup/", "password/reset/", "devices/tokens/leaked/"):
        here.go(f"/account/{path}")
        assert page.evaluate(SMALL) == [], path
    here.sign_in(user)
    for path in (
        "devices/", "devices/data/", "devices/tokens/new/", "2fa/", "2fa/webauthn/", "password/change/", "email/",
        "reauthenticate/", "logout/",
    ):  # fmt: skip
        here.go(f"/account/{path}")
        assert page.evaluate(SMALL) == [], path
