"""A sign-in of several steps does not outlive what is decided about the account between them (traps J, 4 and 12)."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_ui.actions.begin import begin_sign_in, verify_begun
from sessions_ui.actions.end import end_sessions, end_user_sessions
from sessions_ui.exceptions import SignInRefused
from tests.models import AccountState, EndReason, Session

pytestmark = pytest.mark.django_db

# Spelled out: what the code says of itself must not decide what is tested.
HARMLESS = {
    "signed_out",
    "superseded",
    "idle_timeout",
    "absolute_timeout",
    "session_limit",
    "offboarded",
    "provider_sign_out",
}


@pytest.fixture
def mark(user: Any) -> dict[str, str]:
    session: dict[str, Any] = {}
    begin_sign_in(session, user)
    return next(iter(session.values()))


def verify(mark: dict[str, str], user: Any) -> None:
    state = AccountState.objects.filter(pk=user.pk).first() or AccountState(pk=user.pk)
    verify_begun(mark, user, user.get_session_auth_hash(), state)


def test_a_sign_in_of_two_steps_goes_on_where_nothing_happened(mark: dict[str, str], user: Any) -> None:
    verify(mark, user)


def test_a_new_password_refuses_the_second_step(mark: dict[str, str], user: Any) -> None:
    user.set_password("a horse of another colour")
    with pytest.raises(SignInRefused) as caught:
        verify(mark, user)
    assert caught.value.reason == EndReason.PASSWORD_CHANGED


@pytest.mark.parametrize("signed_in", [True, False], ids=["signed in", "nothing left to end"])
@pytest.mark.parametrize("reason", [reason for reason in EndReason if reason not in HARMLESS])
def test_a_decision_refuses_the_second_step(
    reason: EndReason, signed_in: bool, mark: dict[str, str], user: Any, other_user: Any, browser: Any
) -> None:
    theirs: dict[str, Any] = {}
    begin_sign_in(theirs, other_user)
    if signed_in:
        browser().force_login(user)
    end_user_sessions(user=user, reason=reason)
    with pytest.raises(SignInRefused) as caught:
        verify(mark, user)
    assert caught.value.reason == reason
    verify(next(iter(theirs.values())), other_user)


@pytest.mark.parametrize("reason", sorted(HARMLESS))
def test_an_ending_that_nobody_decided_leaves_the_second_step_alone(
    reason: str, mark: dict[str, str], user: Any, browser: Any
) -> None:
    browser().force_login(user)
    end_user_sessions(user=user, reason=EndReason(reason))
    verify(mark, user)


def test_a_decision_about_one_session_refuses_the_second_step(
    mark: dict[str, str], user: Any, browser: Any
) -> None:
    browser().force_login(user)
    end_sessions(sessions=Session.objects.filter(user=user), reason=EndReason.SIGNED_OUT_REMOTELY, actor=user)
    with pytest.raises(SignInRefused):
        verify(mark, user)


def test_what_was_decided_before_the_first_step_does_not_matter(user: Any, browser: Any) -> None:
    browser().force_login(user)
    end_user_sessions(user=user, reason=EndReason.DEVICE_LOST)
    later: dict[str, Any] = {}
    begin_sign_in(later, user)
    verify(next(iter(later.values())), user)


def test_the_mark_of_another_user_says_nothing(mark: dict[str, str], other_user: Any) -> None:
    verify(mark, other_user)
