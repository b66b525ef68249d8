"""Refuse changes of how an account is signed in to, while it is being recovered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import router
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.account_lock import lock_users, write_states
from sessions_ui.actor import ActorKind, current_actor
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import AccountFrozen
from sessions_ui.models import AccountState
from sessions_ui.models.locking import locked
from sessions_ui.protocols import HasPk
from sessions_ui.user_model import account_key


def is_exempt() -> bool:
    """Return whether what is written now is a step of a recovery, or by nobody who could be a thief."""
    return context.is_own_step() or current_actor().kind is ActorKind.SYSTEM


def verify_not_frozen(user: HasPk) -> None:
    """Raise `AccountFrozen` where a recovery of this account is open, unless one of its own steps is at work.

    For whatever keeps credentials (a password, factor, passkey, address, connected provider), before it writes one;
    sessions_ui calls it for the password and the user model's own address. In a transaction the account is held from
    then on, so that no recovery begins before what is written there is in force. It refuses staff as well: whoever
    helps ends the recovery first. Outside of a request (a shell, a command, a task) nothing is refused.
    """
    verify_account_not_frozen(account_key(user))


def verify_account_not_frozen(pk: Any) -> None:
    """Do the same for the account with this primary key."""
    if is_exempt():
        return
    until = _frozen_until(pk)
    if until is not None:
        raise AccountFrozen(until, pk)


@atomically
def _frozen_until(pk: Any) -> datetime | None:
    lock_users([pk])
    write_states([pk])
    states = locked(AccountState.objects.using(router.db_for_write(AccountState)).filter(pk=pk))
    return states.filter(frozen_until__gt=timezone.now()).values_list("frozen_until", flat=True).first()
