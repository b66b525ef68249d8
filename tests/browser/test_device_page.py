"""The page of one device, and news from elsewhere, in a real browser."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.aging import settle
from tests.browser.axe import violations
from tests.browser.conftest import sign_in_elsewhere
from tests.browser.test_devices import EDGE_ON_WINDOWS, mark, was_never_left
from tests.conftest import FIREFOX_ON_LINUX
from tests.models import Device, Session, digest_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def here(visitor: Any, user: Any) -> Any:
    """The device in hand; another is signed in."""
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    person = visitor(user_agent=FIREFOX_ON_LINUX)
    person.sign_in(user)
    return person


def to_device(page: Page) -> None:
    page.locator("summary", has=page.get_by_role("heading", name="Edge on Windows")).click()
    page.get_by_role("link", name="Lost, or not yours? Edge on Windows").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Edge on Windows")


def tell_of_a_change(page: Page) -> None:
    """As live.js does when the stream says so."""
    page.evaluate("document.dispatchEvent(new CustomEvent('sessions-ui:changed'))")


def one_more(user: Any, name: str) -> Session:
    now = timezone.now()
    device = Device.objects.create(user=user, name=name, kind="phone")
    return Session.objects.create(
        user=user, device=device, digest=digest_of(name), signed_in_at=now, expires_at=now + timedelta(days=1)
    )


def test_a_lost_device_with_the_keyboard_alone(here: Any) -> None:
    page = here.page
    to_device(page)
    mark(page)
    assert violations(page) == []
    page.get_by_role("link", name="I lost it").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="You lost “Edge on Windows”")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Sign out this device")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#devices-status")).to_contain_text("signed out and marked as lost")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_role("heading", name="The device is signed out")).to_be_visible()
    expect(page.get_by_text("hasn’t tried to come back yet")).to_be_visible()
    assert violations(page) == []
    # The proof comes in by itself.
    Session.objects.filter(end_reason="device_lost").update(refused_at=timezone.now())
    tell_of_a_change(page)
    expect(page.get_by_text("was turned away")).to_be_visible()
    assert was_never_left(page)
    assert here.complaints == []


def test_news_take_neither_the_dialog_nor_the_focus_away(here: Any) -> None:
    page = here.page
    to_device(page)
    page.get_by_role("link", name="I lost it").click()
    cancel = page.get_by_role("dialog").get_by_role("link", name="Cancel")
    expect(cancel).to_be_focused()
    with page.expect_response("**/proof/"):
        tell_of_a_change(page)
    page.wait_for_timeout(300)  # what must not happen has no event to wait for
    expect(cancel).to_be_focused()
    cancel.click()
    link = page.get_by_role("link", name="I no longer use it")
    link.focus()
    with page.expect_response("**/proof/"):
        tell_of_a_change(page)
    page.wait_for_timeout(300)
    expect(link).to_be_focused()


def test_cancel_changes_nothing(here: Any) -> None:
    page = here.page
    to_device(page)
    page.get_by_role("link", name="I don’t recognise it").click()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("link", name="I don’t recognise it")).to_be_focused()
    assert Session.objects.living().count() == 2


def test_a_device_is_reported_as_not_mine_without_scripts(visitor: Any, user: Any) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    page = visitor(user_agent=FIREFOX_ON_LINUX, java_script_enabled=False).sign_in(user)
    settle(user)
    to_device(page)
    page.get_by_role("link", name="I don’t recognise it").click()
    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(page.get_by_role("heading", name="1. The device is signed out")).to_be_visible()
    assert Session.objects.living().count() == 1


@pytest.mark.parametrize(
    ("address", "button", "said"),
    [
        ("what/lost/", "Sign out this device", "signed out and marked as lost"),
        ("what/unused/", "Sign out this device", "Edge on Windows is signed out."),
        ("what/not_mine/", "Sign out everywhere else", "is signed out, and so is everything else"),
    ],
)
def test_what_follows_is_done_on_a_page_of_its_own(
    here: Any, user: Any, address: str, button: str, said: str
) -> None:
    """Reloaded, in a tab of its own, or by "No, secure my account": the dialog's form, without the dialog's page."""
    edge = Device.objects.filter(user=user).earliest("pk")
    page = here.go(f"/account/devices/{edge.public_id}/{address}")
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("main")).to_contain_text(said)
    assert not Session.objects.filter(device=edge, ended_at__isnull=True).exists()
    assert here.complaints == []


def test_a_name_is_saved_on_a_page_of_its_own(here: Any, user: Any) -> None:
    edge = Device.objects.filter(user=user).earliest("pk")
    page = here.go(f"/account/devices/{edge.public_id}/rename/")
    page.get_by_label("Your name for this device").fill("Kitchen")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Kitchen")).to_be_visible()
    assert here.complaints == []


def test_everything_is_signed_out_on_a_page_of_its_own(here: Any, user: Any) -> None:
    page = here.go("/account/devices/everywhere/")
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_role("main")).to_contain_text("signed out")
    assert not Session.objects.filter(user=user, ended_at__isnull=True).exists()


def test_news_come_by_themselves(here: Any, user: Any) -> None:
    page = here.page
    page.evaluate("document.activeElement.blur()")
    mark(page)
    Session.objects.filter(user_agent__contains="Edg").update(ended_at=timezone.now(), end_reason="help_desk")
    tell_of_a_change(page)
    expect(page.get_by_text("1 device signed in")).to_be_visible()
    expect(page.get_by_text("by the help desk")).to_be_visible()
    one_more(user, "Brand new")
    tell_of_a_change(page)
    expect(page.locator("#devices-status")).to_contain_text("1 new device signed in.")
    expect(page.get_by_role("heading", name="Brand new")).to_have_count(0)
    assert violations(page) == []
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="Brand new")).to_be_visible()
    expect(page.get_by_role("heading", name="Other devices")).to_be_focused()
    assert was_never_left(page)
    assert here.complaints == []


def test_what_has_the_focus_stays(here: Any) -> None:
    page = here.page
    button = page.get_by_role("button", name="Sign out Edge on Windows")
    button.focus()
    Session.objects.filter(user_agent__contains="Edg").update(ended_at=timezone.now(), end_reason="help_desk")
    tell_of_a_change(page)
    expect(page.locator("#devices-status")).to_contain_text("Something has changed.")
    expect(button).to_be_focused()
    button.click()
    expect(page.locator("#devices-status")).to_contain_text("Edge on Windows was already signed out.")


def test_the_own_act_is_no_news(here: Any) -> None:
    page = here.page
    page.get_by_role("button", name="Sign out Edge on Windows").click()
    status = page.locator("#devices-status")
    expect(status).to_contain_text("Edge on Windows is signed out.")
    with page.expect_response("**/devices/list/**"):
        tell_of_a_change(page)
    expect(status).to_contain_text("Edge on Windows is signed out.")
