"""The call, in real browsers: a caller with a lost phone, an agent with an authenticator app."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.demo.factor import current_code
from sessions_ui.actions.help_desk.prove import ask_for_approval
from tests.browser.axe import violations
from tests.browser.conftest import sign_in_elsewhere
from tests.conftest import FIREFOX_ON_LINUX, make_person
from tests.models import Case, Event

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EDGE_ON_WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"
)
SECRET = "JBSWY3DPEHPK3PXP"


def with_factor(person: Any, *, days: int = 30) -> Any:
    """Set up so many days ago."""
    TOTP.activate(person, SECRET)
    Authenticator.objects.filter(user=person).update(created_at=timezone.now() - timedelta(days=days))
    return person


def at_the_desk(visitor: Any, person: Any, **options: Any) -> Any:
    """Signed in with password and code, on the help desk's first page."""
    desk = visitor(**options)
    page = desk.send_sign_in(person, "/account/login/?next=/help-desk/")
    page.locator("input[name=code]").fill(current_code(SECRET))
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/help-desk/")
    return desk


def open_case(page: Page, email: str) -> None:
    page.get_by_label("Email address, user name or staff number").fill(email)
    page.get_by_role("button", name="Open a case").click()


def verify(page: Page) -> None:
    page.get_by_label("Ticket number").fill("INC-7")
    page.get_by_label("What the call is about").select_option(label="A device was lost or stolen")
    page.get_by_label("Called back on the number on file").check()
    page.get_by_role("button", name="Mark the caller as verified").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_lost_phone_from_call_to_receipt(visitor: Any, user: Any, agent: Any, scripts: bool) -> None:
    phone, laptop = visitor(user_agent=EDGE_ON_WINDOWS), visitor(user_agent=FIREFOX_ON_LINUX)
    phone.sign_in(user)
    laptop.sign_in(user)
    desk = at_the_desk(visitor, with_factor(agent), java_script_enabled=scripts)
    page = desk.page

    open_case(page, user.email)
    expect(page.get_by_text("2 devices signed in")).to_be_visible()
    expect(page.get_by_text("Edge on Windows")).to_have_count(0)
    verify(page)
    page.get_by_role("checkbox", name="Edge on Windows").check()
    page.get_by_label("Lost or stolen").check()
    page.get_by_role("button", name="Sign out selected").click()
    expect(page.get_by_role("heading", name="Check what will happen")).to_be_visible()
    page.get_by_role("button", name="Sign out selected").click()
    expect(page.get_by_text("Edge on Windows: signed out, marked as lost")).to_be_visible()
    expect(page.get_by_text("INC-7")).to_be_visible()

    phone.page.goto(f"{phone.url}/account/devices/")
    expect(phone.page).to_have_url(f"{phone.url}/account/login/?next=/account/devices/")
    laptop.page.reload()
    expect(laptop.page.get_by_role("heading", name="Your devices")).to_be_visible()
    assert desk.complaints == []


def test_from_the_search_to_the_receipt_in_eight_clicks(visitor: Any, user: Any, agent: Any) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    desk = at_the_desk(visitor, with_factor(agent), viewport={"width": 390, "height": 800})
    page = desk.page
    desk.go("/account/email/")
    clicks = 0

    def click(role: Any, name: str) -> None:
        nonlocal clicks
        page.get_by_role(role, name=name).first.click()
        clicks += 1

    click("link", "Help desk")
    page.get_by_label("Email address, user name or staff number").fill(user.email)
    click("button", "Open a case")
    page.get_by_label("Ticket number").fill("INC-7")
    page.get_by_label("What the call is about").select_option(label="A device was lost or stolen")
    clicks += 2  # a person opens the list and takes one
    click("checkbox", "Called back on the number on file")
    click("button", "Mark the caller as verified")
    page.get_by_role("checkbox", name="Edge on Windows").focus()
    page.keyboard.press("Space")
    clicks += 1
    page.get_by_role("button", name="Sign out selected").click()
    clicks += 1
    expect(page.get_by_role("heading", name="Check what will happen")).to_be_visible()
    page.get_by_role("button", name="Sign out selected").click()
    clicks += 1
    expect(page.get_by_text("Edge on Windows: signed out, marked as lost")).to_be_visible()
    assert clicks - 1 <= 8, "from the search on"


def test_a_second_agent_agrees(visitor: Any, user: Any, agent: Any) -> None:
    colleague = with_factor(make_person("colleague@staff.example", is_staff=True))
    colleague.groups.set(agent.groups.all())
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    page = at_the_desk(visitor, with_factor(agent)).page
    open_case(page, user.email)
    verify(page)
    expect(page.get_by_role("button", name="Sign out all")).to_be_disabled()
    page.get_by_text("Proof for").click()
    page.get_by_role("button", name="Ask a second agent").click()

    second = at_the_desk(visitor, colleague).page
    second.get_by_role("link", name="Requests for a second agent").click()
    second.get_by_role("button", name="Agree to case").click()

    # By itself: the first agent's page waits for it.
    expect(page.get_by_text("A second agent has agreed. You can continue.")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("To sign out everything, type").fill(user.email)
    page.get_by_label("Require a new password").check()
    page.get_by_role("button", name="Sign out all").click()
    expect(page.get_by_role("heading", name="Check what will happen")).to_be_visible()
    page.get_by_role("button", name="Sign out all").click()
    expect(page.get_by_text("Edge on Windows: signed out")).to_be_visible()
    expect(page.get_by_text("Nobody can sign in until it is reset.")).to_be_visible()


def test_without_a_second_factor_nothing_opens(visitor: Any, agent: Any) -> None:
    visit = visitor()
    visit.sign_in(agent)
    page = visit.go("/help-desk/")
    expect(page.get_by_role("heading", name="Confirm it’s you")).to_be_visible()
    page.get_by_role("link", name="Use my second factor").click()
    expect(page).to_have_url(f"{visit.url}/account/2fa/")
    assert Event.objects.filter(data__step="refused: no fresh second factor").count() == 1


def test_a_factor_that_was_just_set_up_opens_nothing(visitor: Any, agent: Any) -> None:
    """Whoever has only the password of an agent without a factor could set one up."""
    page = at_the_desk(visitor, with_factor(agent, days=0)).page
    expect(page.get_by_role("heading", name="Confirm it’s you")).to_be_visible()


def test_no_page_of_the_desk_has_a_barrier(visitor: Any, user: Any, agent: Any) -> None:
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    desk = at_the_desk(visitor, with_factor(agent), viewport={"width": 390, "height": 800})
    page = desk.page
    assert violations(page) == []
    open_case(page, user.email)
    assert violations(page) == []
    verify(page)
    page.get_by_text("Proof for").click()
    assert violations(page) == []
    ask_for_approval(case=Case.objects.get(user=user), agent=agent)
    page.get_by_role("checkbox", name="Edge on Windows").check()
    page.get_by_role("button", name="Sign out selected").click()
    assert violations(page) == []
    expect(page.get_by_role("heading", name="Check what will happen")).to_be_visible()
    page.get_by_role("button", name="Sign out selected").click()
    page.get_by_text("Reference").wait_for()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    desk.go("/help-desk/approvals/")
    assert violations(page) == []
    assert desk.complaints == []
