"""What asks somebody who is not trusted yet: the page of a mail's link, the challenge, the further proof, the offer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from playwright.sync_api import Locator, Page, expect

from config.demo.factor import current_code
from sessions_ui.delivery import deliver_due
from tests.browser.axe import violations
from tests.browser.conftest import sign_in_elsewhere
from tests.browser.test_devices import EDGE_ON_WINDOWS
from tests.conftest import FIREFOX_ON_LINUX, PASSWORD
from tests.models import Device

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = (1280, 390, 320)
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def assert_readable(page: Page) -> None:
    """No barrier, nothing sideways, and a heading that has a line to itself."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(SIDEWAYS) <= 0, width
        assert height(page.get_by_role("heading", level=1)) < 100, width
    assert violations(page) == []


def height(what: Locator) -> float:
    box = what.bounding_box()
    assert box is not None
    return box["height"]


def test_the_pages_of_this_was_not_me(visitor: Any, user: Any) -> None:
    sign_in_elsewhere(user, user_agent=FIREFOX_ON_LINUX)
    mail.outbox.clear()
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    deliver_due()
    found = re.search(r"/account/devices/not-me/\S+", str(mail.outbox[-1].body))
    assert found
    owner = visitor()
    page = owner.go(found[0])
    assert_readable(page)
    page.get_by_role("button", name="It wasn’t me: sign it out").click()
    expect(page.get_by_role("heading", name="Now check your email")).to_be_visible()
    assert_readable(page)
    page.goto(f"{owner.url}{found[0]}")
    expect(page.get_by_role("heading", name="This link no longer works")).to_be_visible()
    assert_readable(page)


def challenged(visitor: Any, user: Any) -> Page:
    page: Page = visitor(user_agent=EDGE_ON_WINDOWS).send_sign_in(user)
    page.wait_for_url("**/account/devices/challenge/")
    return page


def test_the_page_of_a_full_account(visitor: Any, user: Any, settings: Any) -> None:
    sign_in_elsewhere(user, user_agent=FIREFOX_ON_LINUX)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SESSION_LIMIT": 1, "SESSION_LIMIT_REFUSES": True}
    page = challenged(visitor, user)
    assert_readable(page)
    page.get_by_role("radio", name="Firefox on Linux").check()


def test_the_dialog_of_the_further_proof(visitor: Any, user: Any) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    page = visitor(user_agent=FIREFOX_ON_LINUX).sign_in(user)
    Device.objects.filter(browser="Firefox").update(confirmed_at=None)
    page.reload()
    page.get_by_role("button", name="Sign out Edge on Windows").click()
    dialog = page.get_by_role("dialog", name="One more step")
    expect(dialog.get_by_label("The code from the email")).to_be_focused()
    assert violations(page) == []


def test_the_offer_after_a_changed_factor(visitor: Any, user: Any) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    here = visitor(user_agent=FIREFOX_ON_LINUX)
    here.sign_in(user)
    page = here.go("/account/reauthenticate/?next=/account/2fa/totp/activate/")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.locator("input[name=code]").fill(current_code(page.locator(".secret").inner_text()))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("button", name="Sign out all other devices")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("path", ["", "{device}/"])
def test_in_arabic(visitor: Any, user: Any, path: str) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    here = visitor(user_agent=FIREFOX_ON_LINUX)
    here.sign_in(user)
    here.context.set_extra_http_headers({"Accept-Language": "ar"})
    other = Device.objects.get(browser="Edge")
    page = here.go(f"/account/devices/{path.format(device=other.public_id)}")
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert_readable(page)


def test_a_new_laptop_is_asked_before_the_form_and_led_back_to_it(visitor: Any, user: Any) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    laptop = visitor(user_agent=FIREFOX_ON_LINUX)
    laptop.send_sign_in(user)
    laptop.page.wait_for_url("**/account/devices/")
    page = laptop.go("/account/password/change/")
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    expect(page.get_by_text("On “Edge on Windows”, you can do this without this step.")).to_be_visible()
    assert_readable(page)
    mail.outbox.clear()
    page.get_by_role("button", name="Send a code to a•••@people.example").click()
    field = page.get_by_label("The code from the email")
    expect(field).to_be_focused()
    assert_readable(page)
    deliver_due()
    bodies = "\n".join(str(message.body) for message in mail.outbox)
    (code,) = re.findall(r"^    (\d{6})$", bodies, re.MULTILINE)
    field.fill(code)
    field.press("Enter")
    page.wait_for_url("**/account/password/change/")
    expect(page.get_by_text("Thank you. You’ve confirmed it’s you, so you can continue.")).to_be_visible()
    expect(page.get_by_label("Current password")).to_be_visible()
    assert laptop.complaints == []


def with_authenticator(visitor: Any) -> Any:
    """A browser whose computer answers for passkeys by itself."""
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return visitor


def test_a_thief_of_the_password_gets_no_page_on_which_a_passkey_is_added(visitor: Any, user: Any) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    thief = with_authenticator(visitor(user_agent=FIREFOX_ON_LINUX))
    thief.send_sign_in(user)
    thief.page.wait_for_url("**/account/devices/")
    page = thief.go("/account/2fa/webauthn/add/")
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    expect(page.get_by_text("Change your passkeys and security keys")).to_be_visible()
    assert not Authenticator.objects.filter(user=user).exists()


def test_the_owner_adds_a_passkey(visitor: Any, user: Any) -> None:
    owner = with_authenticator(visitor(user_agent=FIREFOX_ON_LINUX))
    owner.sign_in(user)
    page = owner.go("/account/2fa/webauthn/add/")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Continue").click()
    page.wait_for_url("**/account/2fa/webauthn/add/")
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url(lambda url: "/add/" not in url)
    assert Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).count() == 1
