"""End single credentials of other packages, by a person who no longer needs them or by an administrator."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from django.db import router

from sessions_ui import context
from sessions_ui.actions.account_lock import lock_users
from sessions_ui.actions.acting_session import verify_acting_session
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.bridges.active import asked, bridge_named
from sessions_ui.bridges.protocol import Bridge
from sessions_ui.database.transactions import in_transaction
from sessions_ui.exceptions import NoSuchBridge
from sessions_ui.models import Act, EndReason, Session
from sessions_ui.protocols import HasPk


def end_credentials(
    *,
    user: HasPk,
    package: str,
    ids: Collection[str] | None,
    reason: EndReason = EndReason.SIGNED_OUT_REMOTELY,
    actor: HasPk | None = None,
    ticket: str = "",
    note: str = "",
) -> int:
    """End these credentials of the user in one package, all of them where `ids` is None; return how many ended.

    `package` is the name of a bridge, `ids` are those of its credentials (docs/bridges.md); other people's end nothing.
    `actor`, `ticket` (at most 100 characters) and `note` are as for `end_sessions()`. The act, which is kept where
    something ended, and the event are one transaction with it where the package's rows share the database; elsewhere
    the event follows. Idempotent. Raises `NoSuchBridge`, whatever the bridge raises (nothing was changed then),
    `SessionEnded` where the session of the request that asks has ended, `NotTheOwner` where staff uses an account, and
    `TryAgain` or `OutcomeUnknown` as `end_sessions()` does.
    """
    context.require_owner()
    bridge = bridge_named(package)
    if bridge is None:
        raise NoSuchBridge(package)
    act = Act(reason=reason, actor_id=actor_of(actor).pk, ticket=ticket, note=note)
    end = partial(end_by_act, bridge, user.pk, ids, act)
    return in_transaction(end, decides=True)


def end_by_act(bridge: Bridge, user_id: Any, ids: Collection[str] | None, act: Act) -> int:
    """Do what `end_credentials()` says, inside a transaction of ours; `act` is saved where something ended."""
    lock_users([user_id])
    verify_acting_session()
    count = asked(bridge, partial(bridge.end, user_id, ids, EndReason(act.reason)))
    if count:
        act._state.adding = True  # whoever repeats the transaction saves it again
        act.save(using=router.db_for_write(Session), force_insert=True)
        events.append_bridged(act, bridge.name, {user_id: count})
    return count
