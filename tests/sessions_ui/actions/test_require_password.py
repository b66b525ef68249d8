"""A required password: nobody signs in with the old one, as often as it is required, and of nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from sessions_ui.actions.require_password import is_password_required, require_new_password
from sessions_ui.models import EndReason
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

DEVICES = "/account/devices/"
FIRST, SECOND = "a horse of another colour", "seven brown cows on a hill"


def require(user: Any) -> None:
    require_new_password(user=user, reason=EndReason.HELP_DESK, actor=None)


def choose(user: Any, password: str) -> None:
    fresh = get_user_model().objects.get(pk=user.pk)
    fresh.set_password(password)
    fresh.save()


def gets_in(browser: Any, user: Any, password: str) -> bool:
    here = browser()
    here.sign_in(user, password)
    return bool(here.get(DEVICES).status_code == 200)


def test_a_password_that_is_required_a_second_time_shuts_out_again(user: Any, browser: Any) -> None:
    require(user)
    assert not gets_in(browser, user, PASSWORD)
    choose(user, FIRST)
    assert gets_in(browser, user, FIRST)

    require(user)
    assert is_password_required(user)
    assert not gets_in(browser, user, FIRST)
    choose(user, SECOND)
    assert not is_password_required(user)
    assert gets_in(browser, user, SECOND)


def test_one_new_password_is_enough_for_two_requirements_before_it(user: Any, browser: Any) -> None:
    require(user)
    require(user)
    choose(user, FIRST)
    assert gets_in(browser, user, FIRST)


def test_a_new_password_of_one_account_fulfils_the_requirement_of_no_other(
    user: Any, other_user: Any, browser: Any
) -> None:
    for person in (user, other_user):
        require(person)
    choose(user, FIRST)
    assert gets_in(browser, user, FIRST)
    assert is_password_required(other_user)
    assert not gets_in(browser, other_user, PASSWORD)


def test_a_password_required_of_one_account_shuts_out_no_other(
    user: Any, other_user: Any, browser: Any
) -> None:
    there = browser()
    there.sign_in(other_user)
    require(user)
    assert not is_password_required(other_user)
    assert there.get(DEVICES).status_code == 200
    assert gets_in(browser, other_user, PASSWORD)
