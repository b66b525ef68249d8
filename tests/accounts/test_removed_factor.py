"""A sign-in whose factor is removed while it waits for the account."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from tests.conftest import PASSWORD
from tests.interleaving import just_before
from tests.models import Session

pytestmark = pytest.mark.django_db

HELD = "UPDATE .sessions_ui_accountstate. SET .*sign_ins"


@pytest.mark.parametrize("removed", [True, False])
def test_a_factor_that_was_removed_meanwhile_signs_nobody_in(
    removed: bool, user_with_totp: Any, app_code: Any, browser: Any
) -> None:
    here = browser()
    here.post("/account/login/", {"login": user_with_totp.email, "password": PASSWORD})

    def remove() -> None:
        if removed:  # a queryset, which no signal tells of, and which raises no epoch
            Authenticator.objects.filter(user=user_with_totp)._raw_delete("default")

    with just_before(HELD, remove):
        here.post(reverse("mfa_authenticate"), {"code": app_code()})
    assert Session.objects.of(user_with_totp).living().exists() is not removed
