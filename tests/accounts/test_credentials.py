"""The credentials of an account, as django-allauth keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils import timezone

from accounts.credentials.store import AllauthCredentials
from accounts.models import VerifiedAddress
from sessions_ui import context
from sessions_ui.actions.recovery.added import is_younger
from sessions_ui.conf import conf
from sessions_ui.credentials import Credential, CredentialKind
from sessions_ui.database import moments
from sessions_ui.exceptions import AccountFrozen
from tests.models import AccountState

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
    assert listed == [Credential(expected, str(row.pk), "", moments.aware(row.created_at))]
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


def signed_in_by(*records: dict[str, Any], user: Any) -> Any:
    """A request whose sign-in allauth has recorded so."""
    session = {
        "account_authentication_methods": list(records),
        "account_authentication_methods_user": str(user.pk),
    }
    return SimpleNamespace(session=session, user=user)


def test_what_a_sign_in_has_shown_is_named(user: Any, other_user: Any) -> None:
    row = Authenticator.objects.create(user=user, type="totp", data={"secret": "S"})
    theirs = Authenticator.objects.create(user=other_user, type="totp", data={"secret": "S"})
    password, totp = {"method": "password"}, {"method": "mfa", "type": "totp", "id": row.pk}
    shown = conf.credentials().shown
    assert shown(signed_in_by(password, user=user), user) == []
    named = shown(signed_in_by(password, totp, user=user), user)
    assert named == [Credential(CredentialKind.TOTP, str(row.pk), "", moments.aware(row.created_at))]
    assert shown(signed_in_by(password, {**totp, "id": theirs.pk}, user=user), user) == []
    assert shown(signed_in_by(user=user), user) is None


def test_a_provider_account_that_is_not_connected_is_as_old_as_the_sign_in(user: Any) -> None:
    """It signs in by the address that the provider says: in a recovery, what signs in is to have been there before."""
    record = {"method": "socialaccount", "provider": "dummy", "uid": "4002"}
    shown = conf.credentials().shown(signed_in_by(record, user=user), user)
    assert shown is not None
    (one,) = shown
    assert (one.kind, one.label) == (CredentialKind.PROVIDER, "dummy")
    assert one.since is not None and one.since > timezone.now() - timedelta(minutes=1)
    assert is_younger(one, timezone.now() - timedelta(hours=1))


def test_a_mailed_code_was_shown_by_its_address(user: Any, address: EmailAddress) -> None:
    request = signed_in_by({"method": "code", "email": "second@people.example"}, user=user)
    shown = conf.credentials().shown(request, user)
    assert shown is not None and [one.id for one in shown] == [str(address.pk)]


def test_an_address_that_was_taken_away_is_the_main_one_again_and_as_old_as_before(user: Any) -> None:
    own, since = user.email, timezone.now() - timedelta(days=40)
    VerifiedAddress.objects.filter(user=user).update(verified_at=since)
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email="evil@elsewhere.example", verified=True, primary=True)
    type(user).objects.filter(pk=user.pk).update(email="evil@elsewhere.example")
    user.refresh_from_db()
    conf.credentials().keep_address(user, own)
    user.refresh_from_db()
    assert user.email == own
    assert EmailAddress.objects.get(user=user, primary=True).email == own
    kept = VerifiedAddress.objects.get(user=user, email=own)
    assert (kept.verified_at, kept.removed_at) == (since, None)


def test_an_address_that_is_another_accounts_by_now_is_left_to_it(user: Any, other_user: Any) -> None:
    conf.credentials().keep_address(user, other_user.email)
    user.refresh_from_db()
    assert user.email != other_user.email
    assert not EmailAddress.objects.filter(user=user, email=other_user.email).exists()


@pytest.mark.parametrize("right", ["is_staff", "is_superuser", "groups", "user_permissions", None])
def test_an_account_with_rights_that_nobody_has_signed_in_to_is_no_squatters(
    right: str | None, user: Any
) -> None:
    own = user.email
    EmailAddress.objects.filter(user=user).update(email="evil@elsewhere.example")
    type(user).objects.filter(pk=user.pk).update(email="evil@elsewhere.example")
    user.refresh_from_db()
    other = type(user).objects.create_user(own, "x")
    if right in ("groups", "user_permissions"):
        row = Group.objects.create(name="desk") if right == "groups" else Permission.objects.first()
        getattr(other, right).add(row)
    elif right is not None:
        type(user).objects.filter(pk=other.pk).update(**{right: True})
    conf.credentials().keep_address(user, own)
    user.refresh_from_db()
    kept = type(user).objects.filter(pk=other.pk).exists()
    assert (kept, user.email == own) == ((True, False) if right else (False, True))


CHANGES = {
    "an address is added": lambda user: EmailAddress.objects.create(user=user, email="new@people.example"),
    "an address is removed": lambda user: EmailAddress.objects.get(user=user).delete(),
    "an address is confirmed": lambda user: _saved(EmailAddress.objects.get(user=user), verified=False),
    "a factor is added": lambda user: Authenticator.objects.create(user=user, type="recovery_codes", data={}),
    "a factor is changed": lambda user: _saved(Authenticator.objects.get(user=user), data={"secret": "T"}),
    "a factor is removed": lambda user: Authenticator.objects.get(user=user).delete(),
}


def _saved(row: Any, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()


@pytest.mark.parametrize("change", CHANGES)
def test_while_the_account_is_recovered_a_request_changes_none_of_them(
    change: str, user: Any, other_user: Any
) -> None:
    Authenticator.objects.create(user=user, type="totp", data={"secret": "S"})
    AccountState.objects.update_or_create(
        user_id=user.pk, defaults={"frozen_until": timezone.now() + timedelta(days=1)}
    )
    with acting(other_user), pytest.raises(AccountFrozen), transaction.atomic():
        CHANGES[change](user)
    CHANGES[change](user)  # by a shell


def test_using_a_factor_and_renaming_it_is_no_change(user: Any) -> None:
    row = Authenticator.objects.create(user=user, type="totp", data={"secret": "S"})
    AccountState.objects.update_or_create(
        user_id=user.pk, defaults={"frozen_until": timezone.now() + timedelta(days=1)}
    )
    with acting(user):
        row.record_usage()
        row.data["name"] = "another"
        row.save()
        EmailAddress.objects.get(user=user).save()


def test_the_row_that_allauth_misses_of_the_users_own_address_is_no_change(user: Any) -> None:
    """It makes it before it mails a reset, and that must not fail."""
    EmailAddress.objects.filter(user=user).delete()
    AccountState.objects.update_or_create(
        user_id=user.pk, defaults={"frozen_until": timezone.now() + timedelta(days=1)}
    )
    with acting(user):
        EmailAddress.objects.create(user=user, email=user.email.upper())
        with pytest.raises(AccountFrozen):
            EmailAddress.objects.create(user=user, email="other@people.example")


@contextmanager
def acting(user: Any) -> Iterator[None]:
    store = SimpleNamespace(session_id=None, user_id=user.pk, impersonator_id=None)
    token = context.begin(context.Acting(store))
    try:
        yield
    finally:
        context.finish(token)
