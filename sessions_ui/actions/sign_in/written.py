"""Sign in a user whom somebody wrote into a session, where nothing was heard of a sign-in before the session is saved.

Django Channels' `login()` does that: it sends `user_logged_in` without a request. So does Django's own where a receiver
of the host project that was connected before ours raises, and so does whoever writes the three keys by hand. The write
is the sign-in then: it is judged like any other, and refused for what was decided since the user was written.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.db import router

from sessions_ui.actions.sign_in.attempt import SignInAttempt
from sessions_ui.actions.sign_in.pending import over_for, reason_of
from sessions_ui.actions.sign_in.sign_in import ReadRow, SignIn, sign_in
from sessions_ui.actions.sign_in.verify_account import hold_for_sign_in
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import SignInRefused
from sessions_ui.models import AccountState, Containment, EndReason
from sessions_ui.models.clock import DatabaseNow
from sessions_ui.models.primary import all_users
from sessions_ui.session_user import WrittenUser
from sessions_ui.user_model import is_auth_hash_of

RESOLUTION = timedelta(milliseconds=1)  # of SQLite's clock


@atomically
def sign_in_written(*, attempt: SignInAttempt, row: ReadRow) -> SignIn:
    """Do `sign_in()` for a user who was written (`attempt.written`).

    Raises `SignInRefused` as well where the hash that was written is not theirs any more, or where something was
    decided about the account since it was written.
    """
    user, written = attempt.user, attempt.written
    assert written is not None
    users, states = hold_for_sign_in([user.pk], counts=False)
    if user.pk in users:  # else `sign_in()` refuses it
        verify_hash(written, users[user.pk])
        verify_undecided(written, states[user.pk])
        verify_no_incident(written, users[user.pk])
    return sign_in(attempt=attempt, row=row)


def user_of(written: WrittenUser) -> Any:
    user = all_users().filter(pk=written.user_id).first()
    if user is None:
        raise SignInRefused(EndReason.ACCOUNT_DELETED)
    return user


def verify_hash(written: WrittenUser, user: Any) -> None:
    """Raise `SignInRefused` where the hash that was written is not the user's.

    `django.contrib.auth.get_user()` checks the same at each request.
    """
    if hasattr(user, "get_session_auth_hash") and not is_auth_hash_of(user, written.auth_hash):
        raise SignInRefused(EndReason.PASSWORD_CHANGED)


def verify_undecided(written: WrittenUser, state: AccountState) -> None:
    """Raise `SignInRefused` where something was decided about the account since the user was written.

    `state` is the account's, locked. No statement is spent on the epoch when a user is written, because nearly always
    `login()` writes one, and its signal follows. So the database's clock says when something was decided, and this
    process how long ago the user was written: that is right however wrong the host's clock is. What was decided earlier
    by less than the time that the answer takes counts as later.
    """
    if state.decided_at is not None and state.decided_at >= _moment_of(written, state):
        raise SignInRefused(reason_of(state))


def verify_no_incident(written: WrittenUser, user: Any) -> None:
    """Do the same for an incident that is about this user and in force at once; of several, the last one counts."""
    containment = Containment.read()
    if containment.decided_at is None or not over_for(user, containment):
        return
    if containment.decided_at >= _moment_of(written, containment):
        raise SignInRefused(EndReason.INCIDENT)


def _moment_of(written: WrittenUser, row: AccountState | Containment) -> datetime:
    """Return when the user was written, by the clock of the database that has this row, or a little earlier."""
    rows: Any = type(row)._base_manager.using(router.db_for_write(type(row)))
    now: datetime = rows.filter(pk=row.pk).annotate(now=DatabaseNow()).values_list("now", flat=True).get()
    return now - timedelta(seconds=time.monotonic() - written.at) - RESOLUTION
