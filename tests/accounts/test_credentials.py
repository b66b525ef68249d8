"""The credentials of an account, as django-allauth keeps them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.utils import timezone

from accounts.credentials import AllauthCredentials
from accounts.models import VerifiedAddress
from sessions_ui.conf import conf
from sessions_ui.credentials import Credential, CredentialKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(user: Any) -> EmailAddress:
    return EmailAddress.objects.create(user=user, email="Second@people.example", verified=True)


def test_the_site_names_them() -> None:
    assert conf.credentials is AllauthCredentials


def test_an_address_is_there_since_it_was_verified(user: Any, other_user: Any, address: EmailAddress) -> None:
    EmailAddress.objects.create(user=other_user, email="bystander@people.example", verified=True)
    since = timezone.now() - timedelta(days=40)
    VerifiedAddress.objects.filter(user=user, email="second@people.example").update(verified_at=since)
    assert conf.credentials().of(user)[-1] == Credential(
        CredentialKind.ADDRESS, str(address.pk), "Second@people.example", since
    )


def test_nobody_knows_since_when_an_unverified_address_is_there(user: Any) -> None:
    EmailAddress.objects.create(user=user, email="unverified@people.example", verified=False)
    assert conf.credentials().of(user)[-1].since is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("totp", CredentialKind.TOTP), ("recovery_codes", CredentialKind.RECOVERY_CODES)],
)
def test_a_factor_is_listed_without_its_secret(kind: str, expected: CredentialKind, user: Any) -> None:
    data = {"secret": "SECRETSECRET", "seed": "SECRETSECRET", "used_mask": 0}
    row = Authenticator.objects.create(user=user, type=kind, data=data)
    listed = [one for one in conf.credentials().of(user) if one.kind is not CredentialKind.ADDRESS]
    assert listed == [Credential(expected, str(row.pk), "", row.created_at)]
    assert "SECRETSECRET" not in repr(listed)


def test_what_is_removed_is_this_users_and_nothing_else(
    user: Any, other_user: Any, address: EmailAddress
) -> None:
    listed = Credential(CredentialKind.ADDRESS, str(address.pk))
    conf.credentials().remove(other_user, listed)
    assert EmailAddress.objects.filter(pk=address.pk).exists()
    conf.credentials().remove(user, listed)
    conf.credentials().remove(user, listed)
    assert not EmailAddress.objects.filter(pk=address.pk).exists()
