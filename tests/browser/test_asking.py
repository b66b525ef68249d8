"""The dialog that asks who is there, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.aging import age_sign_ins
from tests.browser.axe import violations
from tests.browser.conftest import sign_in_elsewhere
from tests.browser.test_devices import EDGE_ON_WINDOWS, mark, was_never_left
from tests.conftest import FIREFOX_ON_LINUX, PASSWORD
from tests.models import Session

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def two(visitor: Any, user: Any) -> Any:
    """Signed in on two devices an hour ago; the one in hand."""
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    here = visitor(user_agent=FIREFOX_ON_LINUX)
    here.sign_in(user)
    age_sign_ins(user)
    return here


def ask(page: Page) -> Any:
    page.get_by_role("button", name="Sign out Edge on Windows").click()
    dialog = page.get_by_role("dialog", name="Confirm it’s you")
    expect(dialog).to_be_visible()
    return dialog


def test_the_dialog_keeps_a_wrong_password_and_carries_on_with_the_right_one(two: Any) -> None:
    page = two.page
    mark(page)
    dialog = ask(page)
    field = dialog.get_by_label("Your password")
    expect(dialog.get_by_text("Sign out “Edge on Windows”")).to_be_visible()
    expect(field).to_be_focused()
    assert violations(page) == []

    field.fill("wrong")
    field.press("Enter")
    expect(dialog.get_by_text("That is not your password.")).to_be_visible()
    expect(dialog.get_by_label("Your password")).to_be_focused()
    assert violations(page) == []

    dialog.get_by_label("Your password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#devices-status")).to_contain_text("Edge on Windows is signed out.")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("heading", name="Other devices")).to_be_focused()
    assert was_never_left(page)
    assert [text for text in two.complaints if "422" not in text] == []


def test_cancel_and_escape_go_back_to_the_button(two: Any) -> None:
    page = two.page
    button = page.get_by_role("button", name="Sign out Edge on Windows")
    dialog = ask(page)
    dialog.get_by_label("Your password").fill("half a passw")
    dialog.get_by_role("link", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    ask(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    assert PASSWORD not in page.content()
    assert Session.objects.living().count() == 2


def test_a_double_click_asks_once_and_signs_out_once(two: Any, user: Any) -> None:
    page = two.page
    page.get_by_role("button", name="Sign out Edge on Windows").dblclick()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_role("button", name="Confirm").dblclick()
    expect(page.locator("#devices-status")).to_contain_text("is signed out.")
    assert Session.objects.living().count() == 1


def test_a_device_that_disappears_while_its_dialog_is_open(two: Any) -> None:
    page = two.page
    dialog = ask(page)
    Session.objects.filter(user_agent__contains="Edg").update(
        ended_at="2026-11-01T00:00Z", end_reason="signed_out"
    )
    dialog.get_by_label("Your password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#devices-status")).to_contain_text("Edge on Windows was already signed out.")
    expect(page.get_by_text("1 device signed in")).to_be_visible()


def test_without_scripts_it_is_a_page_of_its_own(visitor: Any, user: Any) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    page = visitor(user_agent=FIREFOX_ON_LINUX, java_script_enabled=False).sign_in(user)
    age_sign_ins(user)
    page.get_by_role("button", name="Sign out Edge on Windows").click()
    page.get_by_label("Your password").fill("wrong")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("That is not your password.")).to_be_visible()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Edge on Windows is signed out.")).to_be_visible()


def test_another_way_comes_back_and_carries_on_by_itself(two: Any, user: Any) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP

    page = two.page
    page.goto("about:blank")  # where no stream tells that the session is over
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    code = RecoveryCodes.activate(user).get_unused_codes()[0]
    # A new factor signs the other device out; here it has been there for long.
    Session.objects.update(ended_at=None, end_reason="", act=None)
    page.goto(f"{two.url}/account/devices/")
    dialog = ask(page)
    dialog.get_by_text("I don’t have my phone").click()
    assert violations(page) == []
    dialog.get_by_role("link", name="Use one of your recovery codes").click()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Edge on Windows is signed out.")).to_be_visible()
    expect(page).to_have_url(f"{two.url}/account/devices/")
