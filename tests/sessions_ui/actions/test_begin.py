"""A sign-in of several steps does not outlive what happens to the account between them (trap J)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.begin import HARMLESS, begin_sign_in, verify_begun
from sessions_ui.actions.end import end_user_sessions
from sessions_ui.exceptions import SignInRefused
from tests.models import EndReason

pytestmark = pytest.mark.django_db


@pytest.fixture
def mark(user: Any) -> dict[str, str]:
    session: dict[str, Any] = {}
    begin_sign_in(session, user)
    return next(iter(session.values()))


def test_nothing_happened_and_it_goes_on(mark: dict[str, str], user: Any) -> None:
    verify_begun(mark, user, user.get_session_auth_hash())


def test_a_new_password_refuses_it(mark: dict[str, str], user: Any) -> None:
    user.set_password("a horse of another colour")
    with pytest.raises(SignInRefused) as caught:
        verify_begun(mark, user, user.get_session_auth_hash())
    assert caught.value.reason == EndReason.PASSWORD_CHANGED


@pytest.mark.parametrize("reason", [reason for reason in EndReason if reason not in HARMLESS])
def test_a_decided_ending_refuses_it(
    reason: EndReason, mark: dict[str, str], user: Any, browser: Any
) -> None:
    browser().force_login(user)
    end_user_sessions(user=user, reason=reason)
    with pytest.raises(SignInRefused) as caught:
        verify_begun(mark, user, user.get_session_auth_hash())
    assert caught.value.reason == reason


@pytest.mark.parametrize("reason", HARMLESS)
def test_an_ending_that_nobody_decided_does_not(
    reason: EndReason, mark: dict[str, str], user: Any, browser: Any
) -> None:
    browser().force_login(user)
    end_user_sessions(user=user, reason=reason)
    verify_begun(mark, user, user.get_session_auth_hash())


def test_what_ended_before_it_began_does_not(user: Any, mark: dict[str, str], browser: Any) -> None:
    browser().force_login(user)
    end_user_sessions(user=user, reason=EndReason.DEVICE_LOST)
    later = {**mark, "at": (timezone.now() + timedelta(minutes=1)).isoformat()}
    verify_begun(later, user, user.get_session_auth_hash())


def test_the_mark_of_another_user_says_nothing(mark: dict[str, str], other_user: Any) -> None:
    verify_begun(mark, other_user, other_user.get_session_auth_hash())
