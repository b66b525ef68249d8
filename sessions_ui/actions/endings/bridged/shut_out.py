"""End what other packages still let in for people who may not act any more, and of whom no signal told.

An account that was switched off by `QuerySet.update()`, or whose agreed end has come, may have no session that the
sweep could find (`reconcile.py`), and tokens all the same. So may one of which a new password is required: a package
that tells nobody of what it makes has let somebody in by the old one.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from sessions_ui.actions.account_lock import lock_users
from sessions_ui.actions.endings.bridged.late_credentials import end_all_of
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.bridges.active import asked, bridges
from sessions_ui.bridges.protocol import Bridge
from sessions_ui.database.transactions import in_transaction
from sessions_ui.metrics.lingering import shut_out_users
from sessions_ui.models import AccountState, Delivery, EndReason
from sessions_ui.models.primary import all_users, are_users_beside
from sessions_ui.user_model import is_active

logger = logging.getLogger(__name__)

MOST = 200  # accounts a run; the next one goes on


def end_of_shut_out() -> int:
    """End everything of up to `MOST` people who may not act any more and have a credential in another package; return
    how many people that were. Two statements for each bridge where there is nobody."""
    found: set[Any] = set()
    ended = 0
    for bridge in bridges():
        try:
            found |= _holders(bridge, shut_out_users(timezone.now()))
            awaited = _holders(bridge, _with_void_password()) - found
            ended += sum(
                bool(end_all_of(bridge, pk, EndReason.PASSWORD_REQUIRED)) for pk in sorted(awaited)[:MOST]
            )
        except Exception as error:
            # The others go on; this one shows as unknown in the persistence debt.
            logger.warning(
                "The bridge %s failed (%s); the next sweep asks again.", bridge.name, type(error).__name__
            )
    return ended + sum(in_transaction(partial(_end, pk), decides=True) for pk in sorted(found)[:MOST])


def _with_void_password() -> QuerySet[Any]:
    """Return the people of whom a new password is required. Not those who recover their account: whoever does that is
    signed in, and may be given something."""
    states = AccountState.objects.filter(password_required_at__isnull=False, recovering_since__isnull=True)
    keys: Any = states.values_list("pk", flat=True)
    return all_users().filter(pk__in=keys if are_users_beside(AccountState) else list(keys))


def _holders(bridge: Bridge, users: QuerySet[Any]) -> set[Any]:
    """Return which of these has a credential there, but for those whom the outbox is about to deal with, or has given
    up: an administrator sees these, and tries again."""
    holders = set(asked(bridge, partial(bridge.holders, users)))
    if not holders:
        return holders
    waiting = Delivery.objects.filter(channel="bridge", receiver=bridge.name, done_at__isnull=True)
    return holders - set(waiting.filter(user_id__in=holders).values_list("user_id", flat=True))


def _end(pk: Any) -> bool:
    lock_users([pk])
    user = all_users().filter(pk=pk).first()
    if user is None or not shut_out_users(timezone.now()).filter(pk=pk).exists():
        return False  # switched on again meanwhile
    reason = EndReason.OFFBOARDED if is_active(user) else EndReason.ACCOUNT_DISABLED
    end_user_sessions(user=user, reason=reason)
    return True
