"""Second factors and passkeys, wherever they change: allauth's pages, the admin, a shell, other code."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.http import HttpRequest
from django.utils import timezone

from accounts.credentials import goes_with_account
from accounts.factor_secrets import same_for_both
from accounts.telling import factor_told
from sessions_ui import acts_settled, follow, offer_to_sign_out_others, verify_not_frozen
from sessions_ui.credentials import CredentialChange

# What of an authenticator makes the factor; the rest of it changes at every use, or is its name.
SECRETS = ("secret", "seed", "credential")
BEFORE = "_accounts_before"
PROVENANCE = "provenance"  # ours, in allauth's JSON: it goes where the row goes


def connect() -> None:
    # The rows say what changed, whoever did it; allauth's signals know the request of those who did it themselves.
    pre_save.connect(before_save, sender=Authenticator, dispatch_uid="accounts.factors.before_save")
    post_save.connect(after_save, sender=Authenticator, dispatch_uid="accounts.factors.after_save")
    pre_delete.connect(before_delete, sender=Authenticator, dispatch_uid="accounts.factors.before_delete")
    post_delete.connect(after_delete, sender=Authenticator, dispatch_uid="accounts.factors.after_delete")
    for signal in (
        signals.authenticator_added,
        signals.authenticator_removed,
        signals.authenticator_reset,
    ):
        signal.connect(offer, dispatch_uid="accounts.factors.offer")


def before_save(
    sender: Any, instance: Any, raw: bool = False, update_fields: Any = None, **kwargs: Any
) -> None:
    if update_fields is not None and "data" not in update_fields:
        return
    stored = None
    if instance.pk is not None:
        # Read whether or not the instance was fetched: one with the key of a row overwrites that row.
        stored = Authenticator.objects.filter(pk=instance.pk).values_list("data", flat=True).first()
        instance.__dict__[BEFORE] = secrets_of(stored)
    if raw:
        return
    if stored is None or secrets_of(stored) != secrets_of(instance.data):
        verify_not_frozen(instance.user)
    note_provenance(instance, stored)


def note_provenance(instance: Authenticator, stored: dict[str, Any] | None) -> None:
    """Keep in the row whether a session sets this factor up that vouches for itself, and when its secret was replaced:
    the row is as old as the first one."""
    if stored is not None and secrets_of(stored) == secrets_of(instance.data):
        if PROVENANCE in stored:
            instance.data.setdefault(PROVENANCE, stored[PROVENANCE])
        return
    replaced_at = None if stored is None else datetime.now(UTC).isoformat()
    set_up = {"by_settled": bool(acts_settled(user=instance.user)), "replaced_at": replaced_at}
    instance.data = {**(instance.data or {}), PROVENANCE: set_up}


def set_up_at(authenticator: Authenticator) -> datetime:
    """Return since when this factor is there, aware."""
    created_at: datetime = authenticator.created_at
    at = created_at if timezone.is_aware(created_at) else timezone.make_aware(created_at)
    replaced_at = authenticator.data.get(PROVENANCE, {}).get("replaced_at")
    return max(at, datetime.fromisoformat(replaced_at)) if replaced_at else at


def is_by_settled(authenticator: Authenticator) -> bool:
    return bool(authenticator.data.get(PROVENANCE, {}).get("by_settled"))


def after_save(sender: Any, instance: Any, created: bool, raw: bool, using: str, **kwargs: Any) -> None:
    before = instance.__dict__.pop(BEFORE, None)
    if created and raw:  # a fixture may bring a factor before its account
        return
    if created or (before is not None and before != secrets_of(instance.data)):
        change = CredentialChange.ADDED if created else CredentialChange.CHANGED
        follow([factor_told(instance, change)], using=using)


def before_delete(sender: Any, instance: Any, origin: Any = None, **kwargs: Any) -> None:
    if not goes_with_account(origin):
        verify_not_frozen(instance.user)


def after_delete(sender: Any, instance: Any, origin: Any = None, **kwargs: Any) -> None:
    if not goes_with_account(origin):
        factor_told(instance, CredentialChange.REMOVED)()


def offer(request: HttpRequest, **kwargs: Any) -> None:
    offer_to_sign_out_others(request)


def secrets_of(data: Any) -> dict[str, Any]:
    """Return what makes the factor, so that it compares equal after its secret was encrypted with another key."""
    return {name: same_for_both(data[name]) for name in SECRETS if name in (data or {})}
