"""End what a request has let in elsewhere where nobody is let in: after the account's tokens had ended, on what it had
read before that, or although nobody may sign in to the account at all (`let_in.py`), which other packages do not ask.

A program asks for a token, its password is right; before the package writes the row, the password is reset. The row
waits for the account that the reset holds, and goes in when that is committed. Both lock the user's row, so one of them
sees what the other has done.
"""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import connections, router

from sessions_ui import context
from sessions_ui.actions.account_lock import lock_users
from sessions_ui.actions.endings.bridged.let_in import refusal_of
from sessions_ui.audit import events
from sessions_ui.bridges.active import asked
from sessions_ui.bridges.protocol import Bridge
from sessions_ui.database.transactions import in_transaction
from sessions_ui.models import AccountState, Act, Containment, EndReason, Session
from sessions_ui.models.clock import DatabaseNow
from sessions_ui.models.containment import is_staff
from sessions_ui.models.primary import all_users

RESOLUTION = timedelta(milliseconds=1)  # of SQLite's clock


def end_late_credentials(bridge: Bridge, user_id: Any) -> int:
    """End what this user has in the package if their tokens ended while this request was under way, or if nobody is let
    in to their account now; return how many ended. For a receiver of `post_save`, of a row that is a new credential.
    Four statements where nothing happened, five in a transaction.

    A request that ended them itself, and then makes a new one, may: it has asked for what is true since. The database
    says how long ago the decision was, and this process since when the request is under way, so no clocks are compared.
    """
    now = context.current()
    if now is None:
        return 0
    if connections[router.db_for_write(Session)].in_atomic_block:
        # The database looks for the user at the commit: until then nobody waits for whoever holds the account.
        lock_users([user_id])
    reason = None
    if user_id not in now.ended_tokens_of:
        under_way = timedelta(seconds=time.monotonic() - now.began) + RESOLUTION
        reason = _ended_within(user_id, under_way)
    if reason is None:
        reason = refusal_of(user_id, by=now.user_id)
    return end_all_of(bridge, user_id, reason) if reason is not None else 0


def end_all_of(bridge: Bridge, user_id: Any, reason: EndReason) -> int:
    """End what this user has in the package; return how many ended. An act with an event, where there was any."""
    return in_transaction(partial(_end, bridge, user_id, reason), decides=True)


def _ended_within(user_id: Any, age: timedelta) -> EndReason | None:
    """Return why everything that acts for this user ended, if that was within this time until now; else None."""
    states = AccountState.objects.using(router.db_for_write(AccountState))
    state: Any = states.filter(pk=user_id, tokens_ended_at__isnull=False).annotate(now=DatabaseNow()).first()
    if state is not None and state.now - state.tokens_ended_at <= age:
        return EndReason(state.tokens_ended_for)
    # An incident that is in force at once writes no account's state.
    containments = Containment.objects.using(router.db_for_write(Containment))
    row: Any = (
        containments.filter(pk=Containment.KEY, decided_at__isnull=False).annotate(now=DatabaseNow()).first()
    )
    if row is None or row.now - row.decided_at > age:
        return None
    user = all_users().filter(pk=user_id).first()
    is_meant = user is not None and (row.everyone or (row.staff and is_staff(user)))
    return EndReason.INCIDENT if is_meant else None


def _end(bridge: Bridge, user_id: Any, reason: EndReason) -> int:
    lock_users([user_id])
    count = asked(bridge, partial(bridge.end, user_id, None, reason))
    if count:
        act = Act(reason=reason)
        act.save(using=router.db_for_write(Session), force_insert=True)
        events.append_bridged(act, bridge.name, {user_id: count})
    return count
