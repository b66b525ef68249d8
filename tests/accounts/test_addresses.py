"""Which addresses of an account are told of a new device: never only one that a thief has just added."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.utils import timezone

from accounts.credentials.addresses import VerifiedAddresses, alert_addresses
from accounts.models import VerifiedAddress
from tests.aging import settle
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def emails(user: Any) -> list[str]:
    return sorted(known.address for known in alert_addresses(user))


def test_since_when_an_address_is_verified_is_kept(user: Any) -> None:
    before = timezone.now()
    added = EmailAddress.objects.create(user=user, email="Second@people.example")
    assert emails(user) == [user.email]
    added.set_verified()
    assert emails(user) == [user.email, "second@people.example"]
    row = VerifiedAddress.objects.get(email="second@people.example")
    assert row.verified_at >= before
    added.set_as_primary()
    assert VerifiedAddress.objects.get(pk=row.pk).verified_at == row.verified_at


def test_a_removed_one_is_told_for_a_while(user: Any) -> None:
    EmailAddress.objects.get(user=user).delete()
    assert emails(user) == [user.email]
    EmailAddress.objects.create(user=user, email="thief@elsewhere.example", verified=True)
    assert emails(user) == [user.email, "thief@elsewhere.example"]
    VerifiedAddress.objects.filter(email=user.email).update(removed_at=timezone.now() - timedelta(days=31))
    assert emails(user) == ["thief@elsewhere.example"]


def test_an_address_that_comes_back_counts_from_then_on(user: Any) -> None:
    long_ago = timezone.now() - timedelta(days=90)
    VerifiedAddress.objects.update(verified_at=long_ago)
    EmailAddress.objects.get(user=user).delete()
    EmailAddress.objects.create(user=user, email=user.email, verified=True)
    row = VerifiedAddress.objects.get()
    assert row.removed_at is None and row.verified_at > long_ago


def test_without_any_the_account_s_own_address_counts(user: Any) -> None:
    VerifiedAddress.objects.all().delete()
    assert alert_addresses(user) == [(user.email, None, True)]


def test_what_was_there_before_counts_from_the_account_s_first_day(user: Any) -> None:
    VerifiedAddress.objects.all().delete()
    EmailAddress.objects.create(user=user, email="unverified@people.example")
    migration = import_module("accounts.migrations.0002_since_when_addresses_are_verified")
    migration.note_what_is_there(apps, None)
    row = VerifiedAddress.objects.get()
    assert (row.email, row.verified_at, row.removed_at) == (user.email, user.date_joined, None)


def test_verified_addresses_go_with_the_account(user: Any) -> None:
    user.delete()
    assert not VerifiedAddress.objects.exists()


def recovering(user: Any) -> list[str]:
    return sorted(known.address for known in alert_addresses(user) if known.recovers)


def test_one_that_the_owner_removed_lets_nobody_in(user: Any, browser: Any) -> None:
    EmailAddress.objects.create(user=user, email="second@people.example", verified=True)
    laptop = browser()
    laptop.sign_in(user)
    settle(user)
    laptop.post("/account/reauthenticate/", {"password": PASSWORD})
    laptop.post("/account/email/", {"action_remove": "", "email": "second@people.example"})
    assert VerifiedAddress.objects.get(email="second@people.example").removed_by_settled is True
    assert emails(user) == [user.email, "second@people.example"] and recovering(user) == [user.email]


def test_one_that_staff_or_a_shell_removed_lets_nobody_in(user: Any) -> None:
    EmailAddress.objects.create(user=user, email="second@people.example", verified=True).delete()
    assert VerifiedAddress.objects.get(email="second@people.example").removed_by_settled is None
    assert recovering(user) == [user.email]


def test_one_that_a_thief_removed_still_does_and_comes_back_as_old_as_it_was(user: Any) -> None:
    long_ago = timezone.now() - timedelta(days=90)
    removed = {"removed_at": timezone.now(), "removed_by_settled": False}
    VerifiedAddress.objects.update(verified_at=long_ago, **removed)
    assert recovering(user) == [user.email]
    EmailAddress.objects.get(user=user).save()
    row = VerifiedAddress.objects.get()
    assert (row.removed_at, row.verified_at, row.removed_by_settled) == (None, long_ago, None)


def test_an_address_that_is_written_over_is_a_former_one(user: Any) -> None:
    row = EmailAddress.objects.get(user=user)
    row.email = "other@people.example"
    row.save()
    assert VerifiedAddress.objects.get(email=user.email).removed_at is not None
    assert VerifiedAddress.objects.get(email="other@people.example").removed_at is None


def test_the_address_book_knows_former_ones_without_an_end(user: Any, other_user: Any) -> None:
    years_ago = timezone.now() - timedelta(days=1000)
    VerifiedAddress.objects.filter(user=user).update(verified_at=years_ago, removed_at=years_ago)
    book = VerifiedAddresses()
    assert book.owners("ADA@people.example") == [user.pk]
    (known,) = book.addresses(user)
    assert (known.address, known.removed_at, known.recovers) == (user.email, years_ago, False)
