"""Second factors and passkeys, wherever they change: allauth's pages, the admin, a shell, other code."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.db import router, transaction
from django.db.models.signals import post_delete, post_save, pre_save
from django.http import HttpRequest

from accounts.credentials import stored
from accounts.credentials.provenance import PROVENANCE, provenance_in
from accounts.credentials.store import goes_with_account
from accounts.credentials.telling import factor_told
from sessions_ui import acts_settled, follow, offer_to_sign_out_others
from sessions_ui.credentials import CredentialChange


def connect() -> None:
    # The rows say what changed, whoever did it; allauth's signals know the request of those who did it themselves.
    pre_save.connect(before_save, sender=Authenticator, dispatch_uid="accounts.factors.before_save")
    post_save.connect(after_save, sender=Authenticator, dispatch_uid="accounts.factors.after_save")
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
    """Keep in the row whether a session sets this factor up that vouches for itself, and when it became another factor:
    the row is as old as the first one."""
    if raw:
        return
    before = stored.before(instance)
    if stored.changed(instance, update_fields):
        replaced_at = None if before is None else datetime.now(UTC).isoformat()
        set_up = {"by_settled": bool(acts_settled(user=instance.user)), "replaced_at": replaced_at}
        instance.data = {**(instance.data or {}), PROVENANCE: set_up}
    elif before is not None and PROVENANCE in (before["data"] or {}):
        # As it is in the row: the instance may be older (allauth fetches the codes before it asks who is there).
        instance.data = {**(instance.data or {}), PROVENANCE: before["data"][PROVENANCE]}


def note_codes_read(user: Any) -> None:
    """Keep in the row that the recovery codes are being shown: a recovery lists them where that was since the sign-in
    that was reported, because whoever read them has them.

    Without signals, and with the row locked: nothing about the factor changes, and a code that is used meanwhile is.
    """
    with transaction.atomic(using=router.db_for_write(Authenticator)):
        codes = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES)
        for row in codes.select_for_update():
            read = {**provenance_in(row.data), "read_at": datetime.now(UTC).isoformat()}
            Authenticator.objects.filter(pk=row.pk).update(data={**row.data, PROVENANCE: read})


def after_save(
    sender: Any,
    instance: Any,
    created: bool,
    raw: bool,
    using: str,
    update_fields: Any = None,
    **kwargs: Any,
) -> None:
    if created and raw:  # a fixture may bring a factor before its account
        return
    if not created and (stored.before(instance) is None or not stored.changed(instance, update_fields)):
        return
    if update_fields is not None and "data" not in update_fields:  # another owner alone, say
        Authenticator.objects.using(using).filter(pk=instance.pk).update(data=instance.data)
    change = CredentialChange.ADDED if created else CredentialChange.CHANGED
    follow([factor_told(instance, change)], using=using)


def after_delete(sender: Any, instance: Any, origin: Any = None, **kwargs: Any) -> None:
    if not goes_with_account(origin):
        factor_told(instance, CredentialChange.REMOVED)()


def offer(request: HttpRequest, **kwargs: Any) -> None:
    offer_to_sign_out_others(request)
