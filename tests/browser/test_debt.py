"""A leaver whom no signal told of, from the page that finds them to the proof; and an access review, in a real
browser."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.conftest import sign_in_elsewhere
from tests.models import Act, EndReason, Session

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.no_bystander("the pages show everybody"),
]
NEW_PASSWORD = "another-long-password-7"
DEBT = "/admin/sessions_ui/session/debt/"
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_a_leaver_whom_no_signal_told_of_is_found_reconciled_and_measured(
    visitor: Any, administrator: Any, user: Any
) -> None:
    staff = visitor()
    staff.sign_in(administrator)
    sign_in_elsewhere(user)  # without an open page, which would hear of it by itself
    Session.objects.filter(user=user).update(signed_in_at=timezone.now() - timedelta(days=5))
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)  # no signal

    page = staff.go(DEBT)
    row = page.get_by_role("row", name=re.compile("Disabled accounts"))
    expect(row).to_contain_text(user.email)
    assert violations(page) == []
    page.get_by_role("button", name="End what should not be signed in").click()
    expect(page.get_by_text("1 sign-in was ended.")).to_be_visible()
    expect(row.get_by_role("cell")).to_have_text("0")
    assert Session.objects.get(user=user).end_reason == EndReason.ACCOUNT_DISABLED
    expect(page.get_by_role("row", name="Total debt")).to_contain_text("0 s")

    page = staff.go("/admin/sessions_ui/offboarding/add/")
    page.get_by_label("Person:").fill(user.email)
    left = timezone.localtime(timezone.now() - timedelta(hours=48.5))
    page.locator("[name=ends_at_0]").fill(f"{left:%Y-%m-%d}")
    page.locator("[name=ends_at_1]").fill(f"{left:%H:%M:%S}")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/admin/sessions_ui/offboarding/")

    page = staff.go(DEBT)
    expect(page.get_by_role("row", name="Total debt")).to_contain_text("2 d 0 h")
    expect(page.get_by_role("row", name=re.compile("^People who left"))).to_contain_text("2 d 0 h")
    expect(page.get_by_role("img", name="Minutes, by the day of the report")).to_be_visible()
    assert violations(page) == []
    [act] = Act.objects.filter(reason=EndReason.OFFBOARDED)
    page = staff.go(f"/admin/sessions_ui/act/{act.pk}/change/")
    expect(page.get_by_role("heading", name="Proof")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^Affected, but ended in another way"))).to_contain_text(
        "1"
    )


def test_a_review_from_the_list_to_the_file(visitor: Any, administrator: Any, user: Any) -> None:
    sign_in_elsewhere(user)
    staff = visitor(accept_downloads=True)
    staff.sign_in(administrator)
    page = staff.go("/admin/sessions_ui/accessreview/add/")
    page.get_by_label("Ticket:").fill("AUD-1")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("0 of 4 lines are signed off")).to_be_visible()
    assert violations(page) == []
    theirs = page.get_by_role("row", name=re.compile(f"^Person {re.escape(user.email)}"))
    theirs.get_by_label("End").check()
    for choice in page.get_by_label("Keep").all():
        if choice.get_attribute("name") != theirs.get_by_label("End").get_attribute("name"):
            choice.check()
    page.get_by_role("button", name="Sign off and close").click()
    expect(page.get_by_text("4 lines were signed off.")).to_be_visible()
    expect(page.get_by_role("radio")).to_have_count(0)
    assert Session.objects.get(user=user).end_reason == EndReason.ADMINISTRATOR
    assert Session.objects.living().get().user_id == administrator.pk
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()
    assert f",{user.email}," in download.value.path().read_text()


def test_a_reset_shows_how_long_it_took_until_all_was_over(
    visitor: Any, administrator: Any, user: Any
) -> None:
    old = visitor()
    tab = old.sign_in(user)
    sign_in_elsewhere(user)
    page = visitor().go("/account/password/reset/")
    page.locator("[name=email]").fill(user.email)
    page.get_by_role("button", name="Send the link").click()
    page.wait_for_url("**/account/password/reset/done/")
    [link] = re.findall(r"/account/password/reset/key/\S+", str(mail.outbox[-1].body))
    page.goto(f"{old.url}{link}")
    page.locator("[name=password1]").fill(NEW_PASSWORD)
    page.locator("[name=password2]").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Save password").click()
    page.wait_for_url(lambda url: "/reset/key/" not in url or "done" in url)
    # The open tab is told, and the next request is refused.
    expect(tab.get_by_text("You were signed out").first).to_be_visible()
    old.go("/account/devices/")
    expect(tab).to_have_url(re.compile("/account/login/"))

    staff = visitor()
    staff.sign_in(administrator)
    page = staff.go(DEBT)
    cells = page.get_by_role("row", name=re.compile("^Passwords changed or reset")).get_by_role("cell")
    # Times, sign-ins ended, longest since trust ended, longest since the report, still signed in.
    expect(cells).to_have_text(["1", "2", "0 s", "0 s", "0"])
    [act] = Act.objects.filter(reason=EndReason.PASSWORD_RESET)
    page = staff.go(f"/admin/sessions_ui/act/{act.pk}/change/")
    expect(page.get_by_role("heading", name="Proof")).to_be_visible()
    expect(page.get_by_role("columnheader", name="First request refused")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("language", ["en", "de", "ar", "fr"])
def test_no_page_of_figures_sticks_out_sideways(
    visitor: Any, administrator: Any, user: Any, language: str
) -> None:
    sign_in_elsewhere(user)
    get_user_model().objects.filter(pk=user.pk).update(
        is_active=False
    )  # no signal: there is something to show
    Act.objects.create(reason=EndReason.PASSWORD_RESET)
    staff = visitor(locale=language)
    page = staff.sign_in(administrator)
    for path in (DEBT, "/admin/sessions_ui/session/overview/"):
        staff.go(path)
        for summary in page.locator("#content-main summary").all():
            summary.click()
        for width in (320, 390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(SIDEWAYS) <= 0, (path, width)
        page.set_viewport_size({"width": 320, "height": 800})
        assert violations(page) == [], path
