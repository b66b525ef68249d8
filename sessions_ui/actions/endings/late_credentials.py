"""End what a request has let in elsewhere after the account's tokens had ended, on what it had read before that.

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
from sessions_ui.audit import events
from sessions_ui.bridges.active import asked
from sessions_ui.bridges.protocol import Bridge
from sessions_ui.database.transactions import in_transaction
from sessions_ui.models import AccountState, Act, EndReason, Session
from sessions_ui.models.clock import DatabaseNow
from sessions_ui.models.end_reason import ENDS_TOKENS

RESOLUTION = timedelta(milliseconds=1)  # of SQLite's clock


def end_late_credentials(bridge: Bridge, user_id: Any) -> int:
    """End what this user has in the package if their tokens ended while this request was under way; return how many
    ended. For a receiver of `post_save`, of a row that is a new credential. One statement where nothing happened, two
    in a transaction.

    A request that ended them itself, and then makes a new one, may: it has asked for what is true since. The database
    says how long ago the decision was, and this process since when the request is under way, so no clocks are compared.
    """
    now = context.current()
    if now is None or user_id in now.ended_tokens_of:
        return 0
    if connections[router.db_for_write(Session)].in_atomic_block:
        # The database looks for the user at the commit: until then nobody waits for whoever holds the account.
        lock_users([user_id])
    states = AccountState.objects.using(router.db_for_write(AccountState))
    state: Any = states.filter(pk=user_id, reason__in=ENDS_TOKENS).annotate(now=DatabaseNow()).first()
    if state is None or state.decided_at is None:
        return 0
    under_way = timedelta(seconds=time.monotonic() - now.began) + RESOLUTION
    if state.now - state.decided_at > under_way:
        return 0
    return in_transaction(partial(_end, bridge, user_id, EndReason(state.reason)), decides=True)


def _end(bridge: Bridge, user_id: Any, reason: EndReason) -> int:
    lock_users([user_id])
    count = asked(bridge, partial(bridge.end, user_id, None, reason))
    if count:
        act = Act(reason=reason)
        act.save(using=router.db_for_write(Session), force_insert=True)
        events.append_bridged(act, bridge.name, {user_id: count})
    return count
