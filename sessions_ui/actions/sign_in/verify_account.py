"""Verify that an account may be signed in to at all, under its lock."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model, load_backend
from django.db import router
from django.db.models import F
from django.utils.crypto import constant_time_compare

from sessions_ui.actions.account_lock import users_are_here, write_states
from sessions_ui.exceptions import SignInRefused
from sessions_ui.models import AccountState, Containment, EndReason, ServiceAccount
from sessions_ui.models.locking import locked
from sessions_ui.user_model import auth_hash_of


def hold_for_sign_in(
    keys: Collection[Any], *, counts: bool = True
) -> tuple[dict[Any, Any], dict[Any, AccountState]]:
    """Lock these accounts and count the sign-in, so that whatever is decided about them comes before or after.

    `counts`: somebody signs in here, which is not so in a step before that, or where staff uses the account. The states
    are written anyway. Returns the users as they are now, those that are gone left out, and their states, with the
    `generation` of incidents and `is_service`; both by primary key.
    """
    user_model = get_user_model()
    rows = user_model._base_manager.using(router.db_for_write(user_model)).filter(pk__in=keys).order_by("pk")
    users = {user.pk: user for user in (locked(rows) if users_are_here() else rows)}
    write_states(users, **({"sign_ins": F("sign_ins") + 1} if counts else {}))
    if not users_are_here():  # read once more: there the state is the lock
        users = {user.pk: user for user in rows}
    # A locking read: at MariaDB's REPEATABLE READ a plain one would still see what was there before the lock.
    states = AccountState.objects.using(router.db_for_write(AccountState)).select_for_update()
    beside = {"generation": Containment.generation_in_sql(), "is_service": ServiceAccount.is_one_in_sql()}
    known: Any = states.annotate(**beside)
    return users, known.in_bulk(users)


def verify_account(current: Any, user: Any, backend_path: str) -> str:
    """Verify that `user`, as the sign-in began with them, may still sign in as they are now (`current`).

    Returns the session auth hash of today (empty where there is none); raises `SignInRefused`.
    """
    if current is None:
        raise SignInRefused(EndReason.ACCOUNT_DELETED)
    may_sign_in = getattr(load_backend(backend_path), "user_can_authenticate", None)
    if may_sign_in is not None and not may_sign_in(current):
        raise SignInRefused(EndReason.ACCOUNT_DISABLED)
    auth_hash = auth_hash_of(current)
    if not constant_time_compare(auth_hash, auth_hash_of(user)):
        raise SignInRefused(EndReason.PASSWORD_CHANGED)
    return auth_hash
