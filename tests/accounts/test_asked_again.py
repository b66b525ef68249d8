"""What may change who can sign in asks again who is there; until then nothing has changed."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.urls import reverse

from tests.aging import age_sign_ins
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

Change = tuple[str, dict[str, str]]

# By somebody with a password alone: to such an account allauth adds an address or the first factor.
FIRST: dict[str, Change] = {
    "another address": ("account_email", {"action_add": "", "email": "second@people.example"}),
    "another main address": ("account_email", {"action_primary": "", "email": "other@people.example"}),
    "an address less": ("account_email", {"action_remove": "", "email": "other@people.example"}),
    "an authenticator app": ("mfa_activate_totp", {"code": "123456"}),
    "a passkey": ("mfa_add_webauthn", {"name": "Key", "credential": "{}"}),
}
# By somebody who has signed in with a second factor.
FURTHER: dict[str, Change] = {
    "another main address": ("account_email", {"action_primary": "", "email": "other@people.example"}),
    "an address less": ("account_email", {"action_remove": "", "email": "other@people.example"}),
    "no authenticator app": ("mfa_deactivate_totp", {}),
    "a further passkey": ("mfa_add_webauthn", {"name": "Key", "credential": "{}"}),
    "another name of a passkey": ("mfa_edit_webauthn", {"name": "Key"}),
    "a passkey less": ("mfa_remove_webauthn", {}),
    "other recovery codes": ("mfa_generate_recovery_codes", {}),
}
LOOKS = ["mfa_view_recovery_codes", "mfa_download_recovery_codes"]


def an_hour_ago(client: Any, user: Any) -> Any:
    client.get(reverse("sessions_ui:devices"))
    EmailAddress.objects.create(user=user, email="other@people.example", verified=True)
    age_sign_ins(user)
    return client


@pytest.fixture
def here(browser: Any, user: Any) -> Any:
    """Signed in an hour ago, with the password."""
    client = browser()
    client.sign_in(user)
    return an_hour_ago(client, user)


@pytest.fixture
def with_factor(
    browser: Any, user_with_totp: Any, recovery_codes: list[str], security_key: Authenticator
) -> Any:
    """Signed in an hour ago, with the second factor."""
    client = browser()
    client.sign_in(user_with_totp)
    client.post(reverse("mfa_authenticate"), {"code": recovery_codes[0]})
    return an_hour_ago(client, user_with_totp)


def address_of(name: str) -> str:
    one_key = name in ("mfa_edit_webauthn", "mfa_remove_webauthn")
    keys = Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN)
    return reverse(name, args=[keys.get().pk] if one_key else [])


def credentials(user: Any) -> list[Any]:
    """Whatever lets somebody in, as it is kept."""
    return [
        list(EmailAddress.objects.filter(user=user).order_by("pk").values()),
        list(Authenticator.objects.filter(user=user).order_by("pk").values("pk", "type", "data")),
        type(user).objects.values("email", "password").get(pk=user.pk),
    ]


def changes_nothing(client: Any, user: Any, change: Change) -> None:
    name, form = change
    before = credentials(user)
    answer = client.post(address_of(name), form)
    assert answer.status_code == 302 and "/reauthenticate/" in answer.url, answer.content.decode()
    assert credentials(user) == before


@pytest.mark.control("ASVS 7.5.1", "SP 800-53 IA-11")
@pytest.mark.parametrize("change", FIRST)
def test_no_credential_changes_before_who_is_there_was_confirmed(change: str, here: Any, user: Any) -> None:
    changes_nothing(here, user, FIRST[change])


@pytest.mark.control("ASVS 7.5.1", "SP 800-53 IA-11")
@pytest.mark.parametrize("change", FURTHER)
def test_no_credential_of_an_account_with_a_factor_changes_before_either(
    change: str, with_factor: Any, user_with_totp: Any
) -> None:
    changes_nothing(with_factor, user_with_totp, FURTHER[change])


@pytest.mark.control("ASVS 7.5.1")
@pytest.mark.parametrize("name", LOOKS)
def test_no_recovery_code_is_shown_before_who_is_there_was_confirmed(name: str, with_factor: Any) -> None:
    answer = with_factor.get(reverse(name))
    assert answer.status_code == 302 and "/reauthenticate/" in answer.url


@pytest.mark.parametrize("change", ["another address", "an address less"])
def test_what_was_asked_for_changes_once_who_is_there_was_confirmed(
    change: str, here: Any, user: Any
) -> None:
    """So it is the question that holds it up, and nothing else."""
    name, form = FIRST[change]
    before = credentials(user)
    here.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    here.post(address_of(name), form)
    assert credentials(user) != before
