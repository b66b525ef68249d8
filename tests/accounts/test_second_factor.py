from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.urls import reverse
from django.utils import timezone

from tests.conftest import PASSWORD
from tests.models import Session


def second_step(here: Any, code: str) -> Any:
    return here.post(reverse("mfa_authenticate"), {"code": code})


@pytest.mark.control("CSF PR.AA-03")
def test_the_password_alone_signs_nobody_in(browser: Any, user_with_totp: Any) -> None:
    here = browser()
    assert here.sign_in(user_with_totp).url == reverse("mfa_authenticate")
    assert SESSION_KEY not in here.session


def test_the_code_of_the_app_completes_the_sign_in(
    browser: Any, user_with_totp: Any, app_code: Callable[[], str]
) -> None:
    here = browser()
    here.sign_in(user_with_totp)
    second_step(here, app_code())
    assert here.session[SESSION_KEY] == str(user_with_totp.pk)
    assert Session.objects.get(user=user_with_totp).method == "password+totp"


def test_a_code_of_the_app_works_once(browser: Any, user_with_totp: Any, app_code: Callable[[], str]) -> None:
    code, here, there = app_code(), browser(), browser()
    here.sign_in(user_with_totp)
    second_step(here, code)
    there.sign_in(user_with_totp)
    second_step(there, code)
    assert SESSION_KEY not in there.session


def test_a_wrong_code_signs_nobody_in(browser: Any, user_with_totp: Any) -> None:
    here = browser()
    here.sign_in(user_with_totp)
    assert second_step(here, "000000").status_code == 200
    assert SESSION_KEY not in here.session


def test_a_recovery_code_stands_in_for_the_app(
    browser: Any, user_with_totp: Any, recovery_codes: list[str]
) -> None:
    here = browser()
    here.sign_in(user_with_totp)
    second_step(here, recovery_codes[0])
    assert here.session[SESSION_KEY] == str(user_with_totp.pk)
    assert Session.objects.get(user=user_with_totp).method == "password+recovery_code"


def test_a_recovery_code_works_once(browser: Any, user_with_totp: Any, recovery_codes: list[str]) -> None:
    here, there = browser(), browser()
    here.sign_in(user_with_totp)
    second_step(here, recovery_codes[0])
    there.sign_in(user_with_totp)
    second_step(there, recovery_codes[0])
    assert SESSION_KEY not in there.session


def test_a_sign_in_can_be_given_up_half_way(browser: Any, user_with_totp: Any) -> None:
    here = browser()
    here.sign_in(user_with_totp)
    here.post(reverse("account_logout"), {"next": reverse("account_login")})
    assert here.get(reverse("mfa_authenticate")).url == reverse("account_login")


@pytest.mark.parametrize(
    ("days", "page"), [(400, "mfa_reauthenticate"), (1, "mfa_reauthenticate_webauthn"), (None, "mfa_index")]
)
def test_the_help_desk_leads_to_the_factor_that_is_there_for_longest(
    days: int | None,
    page: str,
    browser: Any,
    user_with_totp: Any,
    recovery_codes: list[str],
    security_key: Any,
) -> None:
    client = browser()
    client.force_login(user_with_totp)
    now = timezone.now()
    if days is None:
        rows = Authenticator.objects.exclude(type="recovery_codes")
        rows._raw_delete(rows.db)
    Authenticator.objects.filter(type="totp").update(created_at=now - timedelta(days=days or 0))
    Authenticator.objects.filter(type="webauthn").update(created_at=now - timedelta(days=30))
    Authenticator.objects.filter(type="recovery_codes").update(created_at=now - timedelta(days=900))
    assert client.get("/account/second-factor/").url == reverse(page)


@pytest.mark.django_db
@pytest.mark.parametrize("help_url", ["", "https://help.people.example/"])
def test_who_has_lost_the_factors_reads_what_to_do(
    help_url: str, browser: Any, user_with_totp: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "HELP_URL": help_url}
    here = browser()
    here.post(reverse("account_login"), {"login": user_with_totp.email, "password": PASSWORD})
    page = here.get(reverse("mfa_authenticate")).content.decode()
    assert "No longer have any of these?" in page
    assert "On a device where you’re still signed in, you can remove the app" in page
    assert (f'<a href="{help_url}">Ask the help desk</a>' in page) is bool(help_url)
    assert ("Ask the help desk" in page) is bool(help_url)
