from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from tests.conftest import PASSWORD


def key_of(here: Any) -> str:
    return here.cookies[settings.SESSION_COOKIE_NAME].value


def reauthenticate(here: Any, password: str = PASSWORD, **data: str) -> Any:
    return here.post(reverse("account_reauthenticate"), {"password": password, **data})


@pytest.mark.parametrize("page", ["mfa_activate_totp", "mfa_add_webauthn"])
def test_a_second_factor_is_added_only_after_asking_again(browser: Any, user: Any, page: str) -> None:
    here = browser()
    here.sign_in(user)
    assert here.get(reverse(page)).url.startswith(reverse("account_reauthenticate"))
    reauthenticate(here)
    assert here.get(reverse(page)).status_code == 200


def test_an_email_address_is_added_only_after_asking_again(browser: Any, user: Any) -> None:
    here = browser()
    here.sign_in(user)
    response = here.post(reverse("account_email"), {"email": "second@people.example", "action_add": ""})
    assert response.url.startswith(reverse("account_reauthenticate"))
    assert user.emailaddress_set.count() == 1


def test_carries_on_where_it_stopped(browser: Any, user: Any) -> None:
    here = browser()
    here.sign_in(user)
    page = reverse("account_email")
    here.post(page, {"email": "second@people.example", "action_add": ""})
    reauthenticate(here, next=page)
    assert user.emailaddress_set.filter(email="second@people.example").exists()


def test_a_wrong_password_opens_nothing(browser: Any, user: Any) -> None:
    here = browser()
    here.sign_in(user)
    reauthenticate(here, "wrong")
    assert here.get(reverse("mfa_activate_totp")).status_code == 302


@pytest.mark.control("ASVS 7.2.4")
def test_the_session_key_rotates(browser: Any, user: Any) -> None:
    """ASVS 5.0, 7.2.4: who copied the key before does not profit from the confirmation."""
    here, thief = browser(), browser()
    here.sign_in(user)
    thief.cookies[settings.SESSION_COOKIE_NAME] = key_of(here)
    assert thief.get(reverse("account_email")).status_code == 200
    reauthenticate(here)
    assert key_of(here) != key_of(thief)
    assert here.get(reverse("account_email")).status_code == 200
    assert thief.get(reverse("account_email")).status_code != 200


def test_the_session_key_stays_after_a_wrong_password(browser: Any, user: Any) -> None:
    here = browser()
    here.sign_in(user)
    before = key_of(here)
    reauthenticate(here, "wrong")
    assert key_of(here) == before


def test_a_second_factor_confirms_too(
    browser: Any, user_with_totp: Any, recovery_codes: list[str], app_code: Callable[[], str]
) -> None:
    here = browser()
    here.sign_in(user_with_totp)
    here.post(reverse("mfa_authenticate"), {"code": recovery_codes[0]})
    before = key_of(here)
    here.post(reverse("mfa_reauthenticate"), {"code": app_code()})
    assert key_of(here) != before
    assert here.get(reverse("mfa_generate_recovery_codes")).status_code == 200
