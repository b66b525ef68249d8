"""Every page of the site: no violation of the Content-Security-Policy, nothing that sticks out sideways."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.axe import violations
from tests.browser.conftest import sign_in_elsewhere
from tests.keys import Keys, bridged, keys_of, make_keys
from tests.models import Act, Delivery, Device, Event, Session

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ANYBODY = [
    "/account/login/",
    "/account/signup/",
    "/account/password/reset/",
    "/account/inactive/",
    "/account/devices/tokens/leaked/",
]
PERSON = [
    "/account/devices/",
    "/account/devices/tokens/new/",
    "/account/devices/log/",
    "/account/2fa/",
    "/account/password/change/",
    "/account/email/",
    "/account/logout/",
    "/account/reauthenticate/",
    "/account/2fa/totp/activate/",
    "/account/2fa/webauthn/",
    "/account/2fa/webauthn/add/",
]
ADMIN = [
    "/admin/",
    "/admin/sessions_ui/",
    "/admin/sessions_ui/session/overview/",
    *(
        f"/admin/sessions_ui/{model}/"
        for model in ("session", "device", "event", "delivery", "act", "endpoint", "packagecredential")
    ),
    "/admin/accounts/user/",
    "/admin/accounts/user/add/",
    "/admin/password_change/",
]
OWN_ADMIN = [path for path in ADMIN if path.startswith("/admin/sessions_ui/")]
BOXES = """controls => controls.map(control => {
  const {width, height} = control.getBoundingClientRect();
  return {width, height, text: control.innerText};
})"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def visit(visitor: Any, paths: list[str]) -> None:
    for path in paths:
        answer = visitor.page.goto(f"{visitor.url}{path}")
        assert answer is not None
        assert answer.status == 200, (path, answer.status)
        visitor.page.wait_for_load_state("load")


def test_no_page_for_anybody_breaks_the_policy(visitor: Any) -> None:
    guest = visitor()
    visit(guest, ANYBODY)
    assert guest.complaints == []
    missing = guest.go("/nowhere/")
    assert missing.get_by_role("heading", level=1).is_visible()
    assert [text for text in guest.complaints if "Content Security Policy" in text] == []


def test_no_page_of_the_account_breaks_the_policy(visitor: Any, user: Any) -> None:
    person = visitor()
    person.sign_in(user)
    visit(person, PERSON)
    assert person.complaints == []


def test_no_page_of_the_admin_breaks_the_policy(visitor: Any, administrator: Any, user: Any) -> None:
    sign_in_elsewhere(user)
    staff = visitor()
    page = staff.sign_in(administrator)
    act = Act.objects.create(reason="administrator")
    Delivery.objects.create(act=act, user=user, channel="mail", receiver=user.email)
    details = [
        f"/admin/sessions_ui/{model._meta.model_name}/{model.objects.earliest('pk').pk}/change/"
        for model in (Session, Device, Event, Delivery, Act)
    ]
    visit(staff, [*ADMIN, *details, f"/admin/accounts/user/{user.pk}/change/"])

    staff.go("/admin/sessions_ui/session/")
    theirs = Session.objects.get(user=user)
    page.locator(f"input.action-select[value='{theirs.pk}']").check()
    page.locator("select[name=action]").select_option("sign_out_users")
    page.locator("button[name=index]").click()  # "Go", from Django 6.1 on "Run"
    page.get_by_label("Reason").fill("tried in a real browser")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_load_state("load")
    assert Act.objects.filter(note="tried in a real browser").exists()
    assert staff.complaints == []


def test_no_page_of_ours_in_the_admin_has_a_barrier(visitor: Any, administrator: Any, user: Any) -> None:
    """A test of its own: on Django's pages axe sets styles that the policy refuses."""
    sign_in_elsewhere(user)
    staff = visitor()
    page = staff.sign_in(administrator)
    for path in OWN_ADMIN:
        staff.go(path)
        assert violations(page) == [], path
    staff.go("/admin/sessions_ui/session/")
    theirs = Session.objects.get(user=user)
    page.locator(f"input.action-select[value='{theirs.pk}']").check()
    page.locator("select[name=action]").select_option("sign_out_users")
    page.locator("button[name=index]").click()
    page.get_by_label("Reason").wait_for()
    assert violations(page) == []


def test_what_another_package_lets_in_is_ended_in_the_administration(
    visitor: Any, administrator: Any, user: Any, settings: Any
) -> None:
    bridged(settings, Keys)
    make_keys(user, 2)
    staff = visitor()
    page = staff.sign_in(administrator)
    staff.go("/admin/sessions_ui/accesstoken/")
    page.get_by_role("link", name="Apps and keys of other packages").last.click()
    page.get_by_label("The whole email address or user name").fill(user.email)
    page.get_by_role("button", name="Show").click()
    page.get_by_role("checkbox", name=f"End API key of {user.email}").first.check()
    assert violations(page) == []
    page.get_by_role("button", name="End selected…").click()
    page.get_by_label("Reason").fill("found in a repository")
    assert violations(page) == []
    page.get_by_role("button", name="End", exact=True).click()
    page.get_by_text("1 app or key can no longer act for them.").wait_for()
    assert keys_of(user) == 1


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_sticks_out_sideways(visitor: Any, user: Any, width: int) -> None:
    person = visitor(viewport={"width": width, "height": 800})
    page = person.sign_in(user)
    Device.objects.update(name="Donaudampfschifffahrtsgesellschaftskapitänskajütenrechner-" + "x" * 5)
    Session.objects.update(address="2001:db8:1234:5678:9abc:def0:1234:5678")
    for path in PERSON:
        person.go(path)
        for summary in page.locator("main summary").all():
            summary.click()
        assert page.evaluate(SIDEWAYS) <= 0, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_targets_are_large_enough(visitor: Any, user: Any, scheme: str) -> None:
    """WCAG 2.5.5: 44 by 44 px for what is pressed on the devices page; links inside of a sentence are exempt."""
    page = visitor(viewport={"width": 320, "height": 800}, color_scheme=scheme).sign_in(user)
    # All at one moment: the page may put others in their place while they are asked one by one.
    boxes = page.locator(".sui button, .sui summary, .sui input").evaluate_all(BOXES)
    shown = [box for box in boxes if box["width"] and box["height"]]
    assert shown and [box for box in shown if box["width"] < 44 or box["height"] < 44] == []
