"""A sign-in that waits for its second factor is judged without asking any host's clock (trap 12)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP
from django.urls import reverse
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from tests.accounts.conftest import SECRET
from tests.conftest import Browser
from tests.models import EndReason

DEVICES = "/account/devices/"


@pytest.fixture
def other_user_with_totp(other_user: Any) -> Any:
    TOTP.activate(other_user, SECRET)
    return other_user


def begin(user: Any) -> Browser:
    here = Browser()
    assert here.sign_in(user).url == reverse("mfa_authenticate")
    return here


def is_let_in(here: Browser, code: str) -> bool:
    here.post(reverse("mfa_authenticate"), {"code": code})
    return bool(here.get(DEVICES).status_code == 200)


# How far the clocks of the hosts of the first step, the decision and the last step are from the right time.
CLOCKS = [(3, 0, 0), (-3, 0, 0), (0, 3, 0), (0, -3, 0), (0, 0, 3), (0, 0, -3), (3, -3, 3), (-3, 3, -3)]


@pytest.mark.parametrize("seconds", CLOCKS, ids=str)
def test_a_wrong_clock_neither_lets_a_waiting_sign_in_outlive_a_decision_nor_refuses_a_bystanders(
    seconds: tuple[int, int, int],
    user_with_totp: Any,
    other_user_with_totp: Any,
    app_code: Callable[[], str],
) -> None:
    now = timezone.now()
    first, decision, last = (now + timedelta(seconds=wrong) for wrong in seconds)
    with time_machine.travel(first, tick=False):
        thief, bystander = begin(user_with_totp), begin(other_user_with_totp)
    with time_machine.travel(decision, tick=False):
        end_user_sessions(user=user_with_totp, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user_with_totp)
    with time_machine.travel(last, tick=False):
        assert not is_let_in(thief, app_code())
        assert is_let_in(bystander, app_code())


@pytest.mark.parametrize("seconds", CLOCKS, ids=str)
def test_a_wrong_clock_does_not_refuse_a_sign_in_that_began_after_the_decision(
    seconds: tuple[int, int, int], user_with_totp: Any, app_code: Callable[[], str]
) -> None:
    now = timezone.now()
    decision, first, last = (now + timedelta(seconds=wrong) for wrong in seconds)
    with time_machine.travel(decision, tick=False):
        end_user_sessions(user=user_with_totp, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=user_with_totp)
    with time_machine.travel(first, tick=False):
        owner = begin(user_with_totp)
    with time_machine.travel(last, tick=False):
        assert is_let_in(owner, app_code())
