"""Since when a credential is there: its row may be older than what is in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.utils import timezone

from accounts.credentials.factor_secrets import seal
from accounts.credentials.provenance import is_by_settled
from accounts.credentials.store import AllauthCredentials
from accounts.models import VerifiedAddress
from sessions_ui.credentials import CredentialKind
from sessions_ui.database import moments

pytestmark = pytest.mark.django_db
OLD = timedelta(days=400)


def row_of(user: Any, kind: str, data: dict[str, Any]) -> Authenticator:
    Authenticator.objects.create(user=user, type=kind, data=data)
    Authenticator.objects.filter(user=user).update(created_at=timezone.now() - OLD)
    return Authenticator.objects.get(user=user)


def age_of_factor(user: Any) -> timedelta:
    (since,) = [one.since for one in AllauthCredentials().of(user) if one.kind is not CredentialKind.ADDRESS]
    assert since is not None
    return moments.aware(timezone.now()) - since


def codes(*plain: str) -> dict[str, Any]:
    return {"migrated_codes": [seal(code) for code in plain], "used_mask": 0}


def saved(row: Authenticator, data: dict[str, Any], **kwargs: Any) -> None:
    row.data = data
    row.save(**kwargs)


REPLACED: dict[str, tuple[str, dict[str, Any], Callable[[Authenticator], object]]] = {
    "the secret of an app": (
        "totp",
        {"secret": "S"},
        lambda row: saved(row, {"secret": "T"}),
    ),
    "the secret of an app, and nothing else is saved": (
        "totp",
        {"secret": "S"},
        lambda row: saved(row, {"secret": "T"}, update_fields=["data"]),
    ),
    "the seed of recovery codes": (
        "recovery_codes",
        {"seed": "S", "used_mask": 7},
        lambda row: saved(row, {"seed": "T", "used_mask": 0}),
    ),
    "one of the recovery codes that another app had made": (
        "recovery_codes",
        codes("11111111", "22222222"),
        lambda row: saved(row, codes("11111111", "33333333")),
    ),
    "a passkey": (
        "webauthn",
        {"name": "Key", "credential": {"id": "a"}},
        lambda row: saved(row, {"name": "Key", "credential": {"id": "b"}}),
    ),
}


@pytest.mark.parametrize("what", REPLACED)
def test_a_factor_that_was_replaced_in_its_row_is_new(what: str, user: Any) -> None:
    kind, data, replace = REPLACED[what]
    row = row_of(user, kind, data)
    assert age_of_factor(user) >= OLD
    replace(row)
    assert age_of_factor(user) < timedelta(minutes=1)


@pytest.mark.parametrize("update_fields", [None, ["user"], ["user_id"]])
def test_a_factor_that_was_moved_to_another_account_is_new_there(
    update_fields: list[str] | None, user: Any, other_user: Any
) -> None:
    """One that its former owner had set up long ago, in a session that vouched for itself."""
    row = row_of(other_user, "totp", {"secret": "S"})
    Authenticator.objects.update(data={"secret": "S", "provenance": {"by_settled": True}})
    row.refresh_from_db()
    row.user = user
    row.save(update_fields=update_fields)
    assert age_of_factor(user) < timedelta(minutes=1)
    assert not is_by_settled(Authenticator.objects.get())


def test_recovery_codes_that_are_used_stay_as_old_as_they_are(user: Any) -> None:
    row = row_of(user, "recovery_codes", codes("11111111", "22222222"))
    assert RecoveryCodes(row).validate_code("22222222")
    assert RecoveryCodes(Authenticator.objects.get()).get_unused_codes() == ["11111111"]
    assert age_of_factor(user) >= OLD


def test_an_address_that_was_moved_to_another_account_is_the_former_ones_no_more(
    user: Any, other_user: Any
) -> None:
    row = EmailAddress.objects.create(user=other_user, email="moved@people.example", verified=True)
    VerifiedAddress.objects.filter(email=row.email).update(verified_at=timezone.now() - OLD)
    row.user = user
    row.save()
    theirs = VerifiedAddress.objects.get(user=other_user, email=row.email)
    assert theirs.removed_at is not None and not theirs.recovers
    mine = VerifiedAddress.objects.get(user=user, email=row.email)
    assert timezone.now() - mine.verified_at < timedelta(minutes=1)


def test_all_who_ask_what_a_row_was_share_one_statement(user: Any, django_assert_num_queries: Any) -> None:
    row = row_of(user, "totp", {"secret": "S"})
    address = EmailAddress.objects.get(user=user)
    with django_assert_num_queries(2):
        row.save()
    with django_assert_num_queries(1):
        row.save(update_fields=["last_used_at"])
    with django_assert_num_queries(3):  # the third: since when it is verified
        address.save()
