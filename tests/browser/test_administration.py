"""The question of the administration, in a real browser: what was typed is still there after it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import Group, Permission
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.demo.factor import SECRET, current_code
from tests.aging import age_sign_ins
from tests.browser.axe import violations
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def fill_in(page: Page) -> None:
    page.get_by_label("Name:").fill('Editors "of" the site')
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Confirm it’s you")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_what_was_typed_goes_on_after_the_password(visitor: Any, administrator: Any, scripts: bool) -> None:
    staff = visitor(java_script_enabled=scripts)
    staff.sign_in(administrator)
    age_sign_ins(administrator, timedelta(hours=5))
    page = staff.go("/admin/auth/group/add/")
    permission = Permission.objects.earliest("pk")
    if scripts:
        page.locator(f"option[value='{permission.pk}']").first.dblclick()
    else:
        page.locator("select[name=permissions]").select_option(str(permission.pk))
    fill_in(page)
    assert not scripts or violations(page) == []
    page.get_by_label("Your password").fill("wrong")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("That is not your password.")).to_be_visible()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/admin/auth/group/")
    group = Group.objects.get()
    assert (group.name, list(group.permissions.all())) == ('Editors "of" the site', [permission])
    # What axe tries on Django's pages the policy refuses.
    assert scripts or [text for text in staff.complaints if "403" not in text and "422" not in text] == []


def test_a_second_factor_is_shown_in_another_tab(visitor: Any, administrator: Any) -> None:
    staff = visitor()
    staff.sign_in(administrator)
    TOTP.activate(administrator, SECRET)
    Authenticator.objects.update(created_at=timezone.now() - timedelta(days=30))
    page = staff.send_sign_in(administrator, "/account/login/?next=/admin/")
    used = current_code(SECRET)
    page.locator("input[name=code]").fill(used)
    page.get_by_role("button", name="Sign in").first.click()
    page.wait_for_url("**/admin/")
    age_sign_ins(administrator, timedelta(hours=5))
    staff.go("/admin/auth/group/add/")
    fill_in(page)
    assert violations(page) == []
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("You haven’t used your second factor yet")).to_be_visible()
    with staff.context.expect_page() as opened:
        page.get_by_role("link", name="Use my second factor").click()
    tab = opened.value
    # Each is good once; how long it took until here decides which one was used.
    another = next(code for code in (current_code(SECRET), current_code(SECRET, before=1)) if code != used)
    tab.locator("input[name=code]").fill(another)
    tab.locator("input[name=code]").press("Enter")
    tab.wait_for_url("**/admin/")
    tab.close()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/admin/auth/group/")
    assert Group.objects.get().name == 'Editors "of" the site'
