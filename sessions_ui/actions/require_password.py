"""Requiring a new password: everything ends, and nobody signs in before a new one was chosen."""

from __future__ import annotations

from typing import Any

from django.db import router, transaction
from django.utils import timezone

from sessions_ui import events
from sessions_ui.actions.end import Receipt, end_user_sessions, lock_users
from sessions_ui.actions.find_user import address_of
from sessions_ui.exceptions import SignInRefused
from sessions_ui.hasten import hasten_deliveries
from sessions_ui.models import Delivery, EndReason, Event, RequiredPassword, Session


def require_new_password(
    *, user: Any, reason: EndReason, actor: Any, ticket: str = "", note: str = ""
) -> Receipt:
    """In one transaction, under the user's lock: a sign-in under way comes before, and is ended, or is refused.

    The password itself is not touched: Django's reset form skips accounts without a usable one. So somebody who
    has only a passkey or a provider is shut out as well until a password exists; do not ask for it there.
    """
    with transaction.atomic(using=router.db_for_write(Session)):
        lock_users([user.pk])
        RequiredPassword.objects.update_or_create(
            user_id=user.pk,
            defaults={
                "required_at": timezone.now(),
                "required_by_id": getattr(actor, "pk", None),
                "fulfilled_at": None,
            },
        )
        event = events.append(
            Event.Kind.PASSWORD_REQUIRED,
            user_id=user.pk,
            actor_id=getattr(actor, "pk", None),
            reason=reason,
            data={"ticket": ticket} if ticket else {},
        )
        if address := address_of(user):
            Delivery.objects.create(event=event, user_id=user.pk, channel="mail", receiver=address)
            transaction.on_commit(hasten_deliveries, using=router.db_for_write(Session))
        return end_user_sessions(user=user, reason=reason, actor=actor, ticket=ticket, note=note)


def is_password_required(user: Any) -> bool:
    return RequiredPassword.objects.filter(user_id=user.pk, fulfilled_at__isnull=True).exists()


def verify_no_password_is_required(user: Any) -> None:
    """Called by a sign-in that holds the user's lock."""
    if is_password_required(user):
        raise SignInRefused(EndReason.PASSWORD_REQUIRED)


def new_password_was_chosen(user: Any) -> None:
    """Called wherever a password was saved."""
    RequiredPassword.objects.filter(user_id=user.pk, fulfilled_at__isnull=True).update(
        fulfilled_at=timezone.now()
    )
