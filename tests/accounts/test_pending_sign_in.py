"""A sign-in that waits for its second factor does not outlive what happens to the account (trap J)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from sessions_ui.actions.end import end_user_sessions
from tests.models import EndReason, Session


@pytest.fixture
def thief(browser: Any, user_with_totp: Any) -> Any:
    """Knows the password and stands before the second step."""
    thief = browser()
    assert thief.sign_in(user_with_totp).url == reverse("mfa_authenticate")
    return thief


def complete(thief: Any, code: str) -> Any:
    return thief.post(reverse("mfa_authenticate"), {"code": code}, follow=True)


def test_it_goes_on_where_nothing_happened(thief: Any, app_code: Callable[[], str]) -> None:
    complete(thief, app_code())
    assert Session.objects.living().count() == 1


def test_a_reset_in_between_refuses_it(thief: Any, user_with_totp: Any, app_code: Callable[[], str]) -> None:
    user_with_totp.set_password("a horse of another colour")
    user_with_totp.save()
    page = complete(thief, app_code())
    assert not Session.objects.living().exists()
    assert "You were signed out because the password was changed." in page.content.decode()


def test_everywhere_in_between_refuses_it(
    thief: Any, user_with_totp: Any, browser: Any, app_code: Callable[[], str]
) -> None:
    browser().force_login(user_with_totp)
    end_user_sessions(user=user_with_totp, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user_with_totp)
    complete(thief, app_code())
    assert not Session.objects.living().exists()


def test_an_account_disabled_in_between_refuses_it(
    thief: Any, user_with_totp: Any, app_code: Callable[[], str]
) -> None:
    get_user_model().objects.filter(pk=user_with_totp.pk).update(is_active=False)
    complete(thief, app_code())
    assert not Session.objects.living().exists()
