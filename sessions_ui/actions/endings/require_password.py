"""Require a new password: everything ends, and nobody signs in before a new one is chosen."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import check_password
from django.db import router
from django.db.models import Q
from django.utils import timezone

from sessions_ui import context, outbox
from sessions_ui.actions.account_lock import hold, write_states
from sessions_ui.actions.acting_session import hold_acting_session
from sessions_ui.actions.endings.end import Receipt, end_user_sessions
from sessions_ui.actions.one_time_codes import RESEND_AFTER
from sessions_ui.actions.recovery.freeze import is_exempt
from sessions_ui.actions.recovery.open import password_again
from sessions_ui.actions.trusted_addresses import trusted_addresses
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import SamePassword, SignInRefused
from sessions_ui.models import AccountState, Delivery, EndReason, Event, Recovery
from sessions_ui.models.clock import DatabaseNow

RESOLUTION = timedelta(milliseconds=1)  # of SQLite's clock


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
    if raw is None or not stored:
        return False
    states = AccountState.objects.using(router.db_for_write(AccountState)).filter(pk=user_pk)
    state = states.only("password_required_at", "recovering_since").first()
    return state is not None and is_another_awaited(state) and check_password(raw, stored)


def is_another_awaited(state: AccountState) -> bool:
    """Return whether another password has to be chosen before anybody is let in by one: the one that there is may be
    known to somebody else. No statement, unless the account is being recovered."""
    if state.password_required_at is not None or state.recovering_since is None:
        return state.password_required_at is not None
    open_ones = Recovery.objects.open().filter(user_id=state.pk, needs_password=True)
    return open_ones.filter(password_at__isnull=True).exists()


def verify_is_another(user_pk: Any, raw: str | None, stored: str) -> None:
    """Raise `SamePassword` where the password that signs nobody in would be set again: it would be good then."""
    if is_void_password(user_pk, raw, stored):
        raise SamePassword


def verify_no_password_is_required(state: AccountState) -> None:
    """Raise `SignInRefused` where a new password is required. `state` is that of the account that signs in, locked."""
    if state.password_required_at is not None:
        raise SignInRefused(EndReason.PASSWORD_REQUIRED)


@atomically
def new_password_was_chosen(user: Any) -> None:
    """Take the requirement of a new password back. Called wherever a password was saved.

    A request that was under way when it was required may save its password a moment later, and that is none that was
    chosen since. So while the account is being recovered only a step of that takes it back; otherwise a session that
    lives (`SessionEnded` is raised for another one: all ended with the requirement), staff, or a request of nobody who
    is signed in, a reset by a mailed link for instance, which began after the last decision about the account.
    """
    if not is_password_required(user):
        return
    hold_acting_session(user.pk)
    required = _required(user)
    if not is_exempt():
        required = required.filter(recovering_since__isnull=True)
        if (now := context.current()) is not None and (now.resets_password or now.user_id is None):
            required = required.filter(decided_at__lt=_began(now))
    required.update(password_required_at=None, password_required_by=None)


def _began(now: context.Acting) -> datetime:
    """Return when this request began by the database's clock, or a little earlier: the process knows how long ago that
    was, however wrong its own clock is."""
    states = AccountState.objects.using(router.db_for_write(AccountState))
    at: datetime = states.annotate(now=DatabaseNow()).values_list("now", flat=True)[:1].get()
    ago = timedelta(seconds=time.monotonic() - now.began)
    return at - ago - RESOLUTION


def _required(user: Any) -> Any:
    states = AccountState.objects.using(router.db_for_write(AccountState))
    return states.filter(pk=user.pk, password_required_at__isnull=False)
