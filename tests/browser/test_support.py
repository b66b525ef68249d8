"""Support in somebody's account, as both of them see it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.sessions_ui.impersonation.conftest import _support_page, support

__all__ = ["_support_page", "support"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_staff_and_owner_see_the_page_and_only_the_owner_acts(
    visitor: Any, user: Any, support: Any, scripts: bool
) -> None:
    laptop, desk = visitor(java_script_enabled=scripts), visitor(java_script_enabled=scripts)
    owner = laptop.sign_in(user)
    page = desk.sign_in(support)
    desk.go("/support/use/")
    page.get_by_label("User").fill(str(user.pk))
    page.get_by_label("Reason").fill("Your invoice of May")
    page.get_by_role("button", name="Use").click()

    expect(page.get_by_text("You’re using the account of")).to_be_visible()
    if scripts:
        assert violations(page) == []
    owner.reload()
    expect(owner.get_by_text("Support is using your account: Your invoice of May")).to_be_visible()
    if scripts:
        assert violations(owner) == []
    page.get_by_role("button", name="Leave this account").click()
    expect(page.get_by_text(support.email)).to_be_visible()
    expect(page.get_by_text("You’re using the account of")).to_have_count(0)
    assert laptop.complaints == desk.complaints == []


def test_the_owner_signs_support_out(visitor: Any, user: Any, support: Any) -> None:
    laptop, desk = visitor(), visitor()
    owner, page = laptop.sign_in(user), desk.sign_in(support)
    desk.go("/support/use/")
    page.get_by_label("User").fill(str(user.pk))
    page.get_by_label("Reason").fill("Your invoice of May")
    page.get_by_role("button", name="Use").click()
    owner.reload()
    owner.get_by_role("button", name="Sign support out").click()
    expect(owner.get_by_text("Support used your account: Your invoice of May")).to_be_visible()
    # The open page of support has noticed by itself.
    expect(page).to_have_url(re.compile("/account/login/"))
