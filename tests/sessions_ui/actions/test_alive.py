"""Which sessions of open tabs still live, where no signal told of what was done to the account."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from sessions_ui.actions.alive import still_alive
from tests.conftest import Browser
from tests.models import Session

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> int:
    """The primary key of a new session."""
    Browser().sign_in(user)
    return int(Session.objects.of(user).get().pk)


def test_the_tabs_of_an_account_that_was_switched_off_by_update_do_not_live(
    user: Any, other_user: Any
) -> None:
    his, hers = signed_in(user), signed_in(other_user)
    assert still_alive({his, hers}) == {his, hers}
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    assert still_alive({his, hers}) == {hers}
