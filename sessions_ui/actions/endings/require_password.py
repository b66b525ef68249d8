"""Require a new password: everything ends, and nobody signs in before a new one is chosen."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.contrib.auth.hashers import check_password
from django.db import router
from django.db.models import Q
from django.utils import timezone

from sessions_ui import outbox
from sessions_ui.actions.account_lock import hold, write_states
from sessions_ui.actions.endings.end import Receipt, end_user_sessions
from sessions_ui.actions.one_time_codes import RESEND_AFTER
from sessions_ui.actions.recovery.freeze import is_exempt
from sessions_ui.actions.recovery.open import password_again
from sessions_ui.actions.trusted_addresses import trusted_addresses
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.database.transactions import atomically, retried
from sessions_ui.exceptions import SamePassword, SignInRefused
from sessions_ui.models import AccountState, Delivery, EndReason, Event, Recovery


@atomically
def require_new_password(
    *,
    user: Any,
    reason: EndReason,
    actor: Any,
    ticket: str = "",
    note: str = "",
    happened_at: datetime | None = None,
) -> Receipt:
    """End all sessions of the user, and refuse every sign-in until a new password is chosen.

    This is one transaction under the account's lock: a sign-in under way comes before, and is ended, or is refused. The
    password itself is not touched, because Django's reset form skips accounts without a usable one. So somebody who has
    only a passkey or a provider is shut out as well until a password exists; do not ask for it there. The mail that
    says how to choose one goes to the addresses that have long been the owner's. While the account is being recovered,
    the password is chosen there, and the link to that is mailed in its place. `happened_at` is as for `end_sessions()`.
    """
    actor_id = actor_of(actor).pk
    hold([user.pk], decided=reason)
    write_states([user.pk], password_required_at=timezone.now(), password_required_by_id=actor_id)
    event = events.append(
        Event.Kind.PASSWORD_REQUIRED,
        user_id=user.pk,
        actor_id=actor_id,
        reason=reason,
        data={"ticket": ticket} if ticket else {},
    )
    if not password_again(user=user):
        # Not the account's own address as such: a thief may have entered it.
        outbox.enqueue_event(event, trusted_addresses(user))
    return end_user_sessions(
        user=user, reason=reason, actor=actor, ticket=ticket, note=note, happened_at=happened_at
    )


def may_send_reset(delivery: Delivery) -> bool:
    """Return whether another reset may be sent for the link in this mail, and count it: one a minute."""
    now = timezone.now()
    not_lately = Q(link_used_at__isnull=True) | Q(link_used_at__lte=now - RESEND_AFTER)
    return bool(Delivery.objects.filter(not_lately, pk=delivery.pk).update(link_used_at=now))


def is_password_required(user: Any) -> bool:
    return _required(user).exists()


def is_void_password(user_pk: Any, raw: str | None, stored: str) -> bool:
    """Return whether a new password is required of this account, or waited for in its recovery, and `raw` is the one
    whose hash is `stored`.

    It hashes only where one is required, and writes no better hash.
    """
    if raw is None or not stored or not _is_another_awaited(user_pk):
        return False
    return check_password(raw, stored)


def _is_another_awaited(user_pk: Any) -> bool:
    states = AccountState.objects.using(router.db_for_write(AccountState)).filter(pk=user_pk)
    state = states.only("password_required_at", "recovering_since").first()
    if state is None or state.recovering_since is None:
        return state is not None and state.password_required_at is not None
    waiting = Recovery.objects.open().filter(user_id=user_pk, needs_password=True, password_at__isnull=True)
    return state.password_required_at is not None or waiting.exists()


def verify_is_another(user_pk: Any, raw: str | None, stored: str) -> None:
    """Raise `SamePassword` where the password that signs nobody in would be set again: it would be good then."""
    if is_void_password(user_pk, raw, stored):
        raise SamePassword


def verify_no_password_is_required(state: AccountState) -> None:
    """Raise `SignInRefused` where a new password is required. `state` is that of the account that signs in, locked."""
    if state.password_required_at is not None:
        raise SignInRefused(EndReason.PASSWORD_REQUIRED)


def new_password_was_chosen(user: Any) -> None:
    """Take the requirement of a new password back. Called wherever a password was saved.

    While the account is being recovered, only a step of that does so: a request which was under way when it began may
    save its password a moment later.
    """
    required = _required(user)
    if not is_exempt():
        required = required.filter(recovering_since__isnull=True)
    retried(partial(required.update, password_required_at=None, password_required_by=None), using=required.db)


def _required(user: Any) -> Any:
    states = AccountState.objects.using(router.db_for_write(AccountState))
    return states.filter(pk=user.pk, password_required_at__isnull=False)
