"""Keep a sign-in of several steps safe from what is decided about the account between them.

After the password, a second factor may be asked for many minutes later; in between, the half-finished sign-in waits in
an anonymous session (allauth: 15 minutes). Seen: it outlives a password reset. So the first step leaves a mark with the
account's epoch, and the last one is refused at another epoch: whatever was decided in between, and whether or not there
was anything left to end. No clock is asked. Incidents about everybody raise nobody's epoch: the mark has the
generation, too (`Containment`).
"""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.db import router

from sessions_ui.actions.sign_in.provider import PROVIDER_KEY
from sessions_ui.actions.sign_in.verify_account import hold_for_sign_in
from sessions_ui.exceptions import SignInRefused
from sessions_ui.models import AccountState, Containment, EndReason
from sessions_ui.models.containment import is_staff
from sessions_ui.protocols import HasPk
from sessions_ui.user_model import auth_hash_of, is_auth_hash_of

BEGUN_KEY = "_sessions_ui_begun"


def begun_key(user: Any) -> str:
    """Return the name under which a session keeps the mark of this user's first step.

    Two people in one browser have one each.
    """
    return f"{BEGUN_KEY}.{user.pk}"


def begin_sign_in(session: SessionBase, user: HasPk) -> None:
    """Leave a mark in `session` (`request.session`) that the first of several steps of a sign-in succeeded for `user`.

    Call it where that step succeeded (in allauth: the adapter's `pre_login`). The last step raises `SignInRefused`
    where anything was decided about the account in between, such as a reset password or "sign out everywhere".
    """
    session.pop(PROVIDER_KEY, None)  # of a sign-in that was given up
    states = AccountState.objects.using(router.db_for_write(AccountState)).filter(pk=user.pk)
    epoch = states.values_list("epoch", flat=True).first() or 0
    session[begun_key(user)] = first_step(user, auth_hash_of(user), epoch, Containment.read().generation)


def first_step(user: Any, auth_hash: str, epoch: int, generation: int) -> dict[str, Any]:
    """Return the mark: who they are, what the account was like, and which generation it began in."""
    return {"user": str(user.pk), "auth_hash": auth_hash, "epoch": epoch, "generation": generation}


def generation_of(mark: dict[str, Any] | None, user: Any, state: AccountState) -> int:
    """Return the generation of a sign-in that goes on from this mark of its first step, or had only one."""
    return mark.get("generation", 0) if mark and mark.get("user") == str(user.pk) else state.generation


def verify_waiting(mark: dict[str, Any] | None, user: Any) -> None:
    """Lock the account and raise `SignInRefused` where the first step no longer counts.

    Call it in a transaction, before anything is done for a sign-in that is about to go on.
    """
    users, states = hold_for_sign_in([user.pk], counts=False)
    if user.pk not in users:
        raise SignInRefused(EndReason.ACCOUNT_DELETED)
    verify_begun(mark, users[user.pk], states[user.pk])


def verify_begun(mark: dict[str, Any] | None, user: Any, state: AccountState) -> None:
    """Raise `SignInRefused` where the mark of a first step no longer holds.

    `user` and `state` are the account's, read under its lock.
    """
    if mark is None or mark.get("user") != str(user.pk):
        return
    if not is_auth_hash_of(user, mark["auth_hash"]):
        raise SignInRefused(EndReason.PASSWORD_CHANGED)
    if mark.get("epoch") != state.epoch:  # an older release left none: such a sign-in begins again
        raise SignInRefused(reason_of(state))
    begun = mark.get("generation", 0)
    if begun < state.generation and begun < over_for(user, Containment.read()):
        raise SignInRefused(EndReason.INCIDENT)


def over_for(user: Any, containment: Containment) -> int:
    """Return the generation below which no sign-in of this user goes on: one that began before such an order.

    Of an incident about who signed in before a time, that is one that had begun when it was ordered.
    """
    staff = containment.staff if is_staff(user) else 0
    return max(containment.everyone, containment.before, staff)


def reason_of(state: AccountState) -> EndReason:
    """Return the reason of the last decision about the account."""
    return EndReason(state.reason) if state.reason else EndReason.ADMINISTRATOR
