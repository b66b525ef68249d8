"""Which e-mail addresses are an account's, and since when; removed ones for a while longer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.credentials import stored
from accounts.credentials.store import goes_with_account
from accounts.credentials.telling import address_told
from accounts.models import VerifiedAddress
from sessions_ui import acts_as_owner
from sessions_ui.credentials import AddressBook, CredentialChange, KnownAddress, OwnerAddress

REMEMBERED = timedelta(days=30)  # a thief who removes the owner's address does not silence us


def alert_addresses(user: Any) -> list[OwnerAddress]:
    """Return verified addresses and since when they are, those removed lately included; the account's own where none
    was recorded. For `SESSIONS_UI["ALERT_ADDRESSES"]`.

    One that its owner removed is told, and no more: whoever reads that mailbox by now must not get in by it.
    """
    removed_since = timezone.now() - REMEMBERED
    found = [
        OwnerAddress(row.email, row.verified_at, row.recovers)
        for row in VerifiedAddress.objects.filter(user_id=user.pk)
        if not row.removed_at or row.removed_at > removed_since
    ]
    return found or [OwnerAddress(user.email, None)]


class VerifiedAddresses(AddressBook):
    """For `SESSIONS_UI["ADDRESS_BOOK"]`: former ones without an end, so that the help desk finds people by them."""

    def addresses(self, user: Any) -> list[KnownAddress]:
        rows = VerifiedAddress.objects.filter(user_id=user.pk).order_by("verified_at", "pk")
        return [KnownAddress(row.email, row.verified_at, row.removed_at, row.recovers) for row in rows]

    def owners(self, address: str) -> list[Any]:
        # They are stored in lower case. MariaDB's usual collations take "jose" for "josé", who is somebody else.
        wanted = address.lower()
        rows = VerifiedAddress.objects.filter(email=wanted).values_list("user_id", "email")
        return [user_id for user_id, email in rows if email == wanted]


def after_save(
    sender: Any,
    instance: EmailAddress,
    created: bool = False,
    raw: bool = False,
    update_fields: Any = None,
    **kwargs: Any,
) -> None:
    former = former_of(instance, update_fields)
    if former is not None:
        remove(former)
    note_verified(instance)
    if former is not None:
        address_told(instance, CredentialChange.CHANGED)
    if created and not raw:
        address_told(instance, CredentialChange.ADDED)


def former_of(instance: EmailAddress, update_fields: Any) -> EmailAddress | None:
    """Return the address that was written over by another one, or was another account's, as in the admin."""
    before = stored.before(instance)
    if before is None or stored.changed(instance, update_fields).isdisjoint({"email", "user_id"}):
        return None
    is_other = before["email"].lower() != instance.email.lower() or before["user_id"] != instance.user_id
    return EmailAddress(user_id=before["user_id"], email=before["email"]) if is_other else None


def after_delete(sender: Any, instance: EmailAddress, origin: Any = None, **kwargs: Any) -> None:
    if not goes_with_account(origin):
        remove(instance)
        address_told(instance, CredentialChange.REMOVED)


def note_verified(instance: EmailAddress) -> None:
    """Record when an address was verified, which allauth does not keep.

    One that comes back counts from then on, unless somebody else had removed it: it has been the owner's all along.
    """
    if not instance.verified:
        return
    now = timezone.now()
    address, created = VerifiedAddress.objects.get_or_create(
        user_id=instance.user_id, email=instance.email.lower(), defaults={"verified_at": now}
    )
    if created or address.removed_at is None:
        return
    kept = address.recovers and address.removed_at > now - REMEMBERED
    VerifiedAddress.objects.filter(pk=address.pk).update(
        verified_at=address.verified_at if kept else now, removed_at=None, removed_by_settled=None
    )


def remove(instance: EmailAddress) -> None:
    """Record until when an address was on the account, and whether its owner removed it.

    A mailed code says so of an address that is not the account's oldest: who reads one of the mailboxes could have
    given it, and must not keep the owner from coming back by the one that was there before all others.
    """
    rows = VerifiedAddress.objects.filter(user_id=instance.user_id, removed_at__isnull=True)
    oldest = rows.order_by("verified_at", "pk").values_list("email", flat=True).first()
    email = instance.email.lower()
    by_owner = acts_as_owner(user=instance.user, by_code=email != oldest)
    rows.filter(email=email).update(removed_at=timezone.now(), removed_by_settled=by_owner)
