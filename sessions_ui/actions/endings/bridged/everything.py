"""End what other packages have let in, where everything of an account ends: same decision, same act, same transaction.

A bridge whose rows are in another database, and one that raises, keeps no session from ending: the outbox calls it
again (`channels/bridges.py`) until it has succeeded.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import connections, router

from sessions_ui import context, outbox
from sessions_ui.audit import events
from sessions_ui.bridges.active import asked, bridges
from sessions_ui.bridges.protocol import Bridge
from sessions_ui.models import Act, EndReason, Session
from sessions_ui.models.end_reason import ends_tokens

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bridged:
    """What became of the credentials of other packages: how many of each user ended, and whose the outbox ends; by the
    name of the bridge."""

    ended: dict[str, Mapping[Any, int]] = field(default_factory=dict)
    later: dict[str, Collection[Any]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(sum(counts.values()) for counts in self.ended.values())

    def __bool__(self) -> bool:
        return bool(self.ended or self.later)


def ends_bridged(reason: EndReason, *, whole_accounts: bool, tokens: bool | None = None) -> bool:
    """Return whether an ending for this reason, which is about whole accounts or is not, ends these credentials.

    `tokens`: what whoever ends them has said about tokens; None where the reason says so.
    """
    return whole_accounts and ends_tokens(reason, tokens)


def end_bridged(users: Collection[Any], reason: EndReason) -> Bridged:
    """End what the bridges know of these users, whose accounts are held, inside the transaction of the act.

    Each bridge has a savepoint of its own. `tell_bridged()` belongs to it, once the act is saved.
    """
    done = Bridged()
    if (now := context.current()) is not None:
        now.ended_tokens_of.update(users)
    for bridge in bridges() if users else ():
        counts = _end(bridge, users, reason)
        if counts is None:
            done.later[bridge.name] = users
        elif counts:
            done.ended[bridge.name] = counts
    return done


def _end(bridge: Bridge, users: Collection[Any], reason: EndReason) -> Mapping[Any, int] | None:
    """Return how many of each user ended; None where the outbox has to do it."""
    using = router.db_for_write(Session)
    try:
        if bridge.database() != using:
            return None
        return asked(bridge, partial(bridge.end_of, users, reason))
    except Exception as error:
        if connections[using].needs_rollback:  # all of it was taken back, or the connection is gone
            raise
        # Only its name: a database repeats in its messages what was in the row.
        logger.warning(
            "The bridge %s failed (%s); the outbox tries again.", bridge.name, type(error).__name__
        )
        return None


def tell_bridged(act: Act, done: Bridged) -> None:
    """Append an event for each user and package, and put into the outbox what is ended later. The act is saved."""
    for package, counts in done.ended.items():
        events.append_bridged(act, package, counts)
    for package, users in done.later.items():
        outbox.enqueue_bridged(act, package, users)
