"""Which e-mail addresses are an account's, and since when; removed ones for a while longer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.models import VerifiedAddress

REMEMBERED = timedelta(days=30)  # a thief who removes the owner's address does not silence us


def alert_addresses(user: Any) -> list[tuple[str, datetime | None]]:
    """Return verified addresses and since when they are, those removed lately included; the account's own where none
    was recorded. For `SESSIONS_UI["ALERT_ADDRESSES"]`."""
    removed_since = timezone.now() - REMEMBERED
    rows = VerifiedAddress.objects.filter(user_id=user.pk).values_list("email", "verified_at", "removed_at")
    found: list[tuple[str, datetime | None]] = [
        (email, verified_at)
        for email, verified_at, removed_at in rows
        if not removed_at or removed_at > removed_since
    ]
    return found or [(user.email, None)]


def note_verified(sender: Any, instance: EmailAddress, **kwargs: Any) -> None:
    """Record when an address was verified, which allauth does not keep. Called whenever one was saved."""
    if not instance.verified:
        return
    now = timezone.now()
    address, created = VerifiedAddress.objects.get_or_create(
        user_id=instance.user_id, email=instance.email.lower(), defaults={"verified_at": now}
    )
    if not created and address.removed_at is not None:
        VerifiedAddress.objects.filter(pk=address.pk).update(verified_at=now, removed_at=None)


def note_removed(sender: Any, instance: EmailAddress, **kwargs: Any) -> None:
    VerifiedAddress.objects.filter(
        user_id=instance.user_id, email=instance.email.lower(), removed_at__isnull=True
    ).update(removed_at=timezone.now())
