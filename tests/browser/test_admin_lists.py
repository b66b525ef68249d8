"""The administration on a screen of 1280 pixels: every list fits, with the state where it is seen. On smaller ones no
page is wider than the screen: what does not fit is moved inside of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import expect

from sessions_ui.actions.access_review.decide import decide_access
from sessions_ui.actions.access_review.open import open_access_review
from sessions_ui.actions.devices.lost import mark_lost
from sessions_ui.delivery import deliver_due
from tests.browser.axe import violations
from tests.browser.conftest import sign_in_elsewhere
from tests.models import Act, Delivery, Session

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDE = "[...document.querySelectorAll('.results')].map(list => list.scrollWidth - list.clientWidth)"


def lists() -> list[str]:
    """The addresses of every list that the app registers."""
    ours = [model for model in admin.site._registry if model._meta.app_label == "sessions_ui"]
    assert len(ours) > 10
    return [reverse(f"admin:sessions_ui_{model._meta.model_name}_changelist") for model in ours]


def test_every_list_fits_and_has_its_state_second(visitor: Any, administrator: Any, user: Any) -> None:
    sign_in_elsewhere(user)
    session = Session.objects.select_related("device").filter(user=user).latest("pk")
    assert session.device is not None
    mark_lost(device=session.device, actor=user)
    staff = visitor(viewport={"width": 1280, "height": 800})
    staff.sign_in(administrator)
    for address in lists():
        page = staff.go(address)
        assert page.evaluate(WIDE) in ([], [0]), address
        heads = [text.strip().lower() for text in page.locator("#result_list thead .text").all_inner_texts()]
        heads = [text for text in heads if text]
        assert "state" not in heads[2:], (address, heads)
        assert violations(page) == [], address


@pytest.mark.no_bystander("the review has everybody")
def test_no_page_with_a_table_of_its_own_is_wider_than_the_screen(
    visitor: Any, administrator: Any, user: Any
) -> None:
    sign_in_elsewhere(user)
    review = open_access_review(actor=administrator, organization_id="", ticket="AUD-1", note="")
    for item in review.items.filter(user=user):
        decide_access(item=item, actor=administrator, decision="end")
    deliver_due()
    assert Delivery.objects.exists()  # or its list has no acts to choose
    staff = visitor()
    staff.sign_in(administrator)
    for address in (
        f"/admin/sessions_ui/accessreview/{review.pk}/change/",
        f"/admin/sessions_ui/act/{Act.objects.earliest('at').pk}/change/",
        "/admin/sessions_ui/packagecredential/",
        "/admin/sessions_ui/delivery/",
    ):
        page = staff.go(address)
        for width in (320, 390, 720, 768, 960, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(SIDEWAYS) == 0, (address, width)


def test_from_a_name_to_everything_of_this_person_is_out_in_five_clicks(
    visitor: Any, administrator: Any, user: Any
) -> None:
    sign_in_elsewhere(user)
    staff = visitor(viewport={"width": 1280, "height": 800})
    staff.sign_in(administrator)
    page = staff.go("/admin/sessions_ui/")
    clicks = 0

    def click(role: Any, name: str) -> None:
        nonlocal clicks
        page.get_by_role(role, name=name).first.click()
        clicks += 1

    click("link", "Find a person: what is signed in")
    page.get_by_label("Person").fill(user.email)
    click("button", "Open")
    expect(page.get_by_text("1 sign-in is valid now.")).to_be_visible()
    assert violations(page) == []
    click("link", "Sign out everything")
    assert violations(page) == []
    page.get_by_label("Reason").fill("stolen laptop")
    click("button", "Sign out everything")
    expect(page.get_by_text("1 sign-in was ended.")).to_be_visible()
    expect(page.get_by_text("0 sign-ins are valid now.")).to_be_visible()
    assert clicks <= 5
    assert not Session.objects.living().filter(user=user).exists()
    assert Delivery.objects.filter(user=user, channel="mail").exists()


def test_support_begins_and_ends_with_a_button(visitor: Any, administrator: Any, user: Any) -> None:
    staff = visitor()
    staff.sign_in(administrator)
    page = staff.go(f"/admin/sessions_ui/session/people/{user.pk}/")
    page.get_by_role("link", name="Use this account as support").click()
    page.get_by_label("Reason").fill("You asked us to look")
    page.get_by_role("button", name="Use this account as support").click()
    expect(page.get_by_text(user.email).first).to_be_visible()
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_text(administrator.email).first).to_be_visible()
