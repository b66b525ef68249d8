"""End what nobody uses, as its owner has chosen (`sessions/unused.py`): one mail names it beforehand, and another one
what was ended.

What a sweep has found is only a suspicion: the statement that writes asks again, so whoever uses a sign-in at that
moment keeps it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from django.utils import timezone

from sessions_ui import outbox
from sessions_ui.actions.account_lock import lock_users
from sessions_ui.actions.batches import batches_of, where_written
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.endings.reconcile.unlawful import BATCH
from sessions_ui.actions.sessions.unused import due, to_tell
from sessions_ui.actions.trusted_addresses import receivers_of
from sessions_ui.audit import events
from sessions_ui.conf import conf
from sessions_ui.conf.endings import NEVER
from sessions_ui.database import moments
from sessions_ui.database.transactions import atomically
from sessions_ui.models import AccountState, EndReason, Event, Session
from sessions_ui.models.primary import all_users
from sessions_ui.models.session import SessionQuerySet

logger = logging.getLogger(__name__)


def end_unused() -> int:
    """Tell people what ends soon because they do not use it, and end what they were told of; return how many sign-ins
    ended.

    A mail for each person that names the devices, `SIGN_OUT_UNUSED_WARNING` ahead and once; another one when they were
    signed out. What fails is logged, and keeps neither the others nor the next run from it. A second worker at the same
    time does no harm.
    """
    ended = 0
    for people in _people():
        now = timezone.now()
        for user_id, keys in _by_person(to_tell(now), people).items():
            _attempt(partial(_remind, user_id, keys, now))
        for batch in _batches(_by_person(due(now), people)):
            ended += _attempt(partial(_end, batch, now))
    return ended


def _people() -> Iterator[list[Any]]:
    """Yield the primary keys of those who may have something to end, in batches: whoever has chosen so, or everybody
    where the site has a time for whoever has chosen nothing."""
    chosen = where_written(AccountState.objects.filter(unused_months__gt=NEVER))
    return batches_of(chosen if conf.sign_out_unused_months == NEVER else all_users())


def _by_person(found: SessionQuerySet, people: list[Any]) -> dict[Any, list[int]]:
    """Return the primary keys of those sessions that belong to these people, by user."""
    keys: dict[Any, list[int]] = defaultdict(list)
    rows = found.uncontained().filter(user_id__in=people).order_by("user_id", "pk")
    for user_id, pk in rows.values_list("user_id", "pk"):
        keys[user_id].append(pk)
    return keys


def _batches(keys: dict[Any, list[int]]) -> Iterator[list[int]]:
    """Yield what one transaction ends. Nobody's is in two of them, because each is a mail to everybody in it."""
    batch: list[int] = []
    for own in keys.values():
        if batch and len(batch) + len(own) > BATCH:
            yield batch
            batch = []
        batch = [*batch, *own]
    if batch:
        yield batch


def _attempt(work: Callable[[], int]) -> int:
    try:
        return work()
    except Exception:
        logger.exception("Unused devices could not be told of or signed out; the next run tries it again")
        return 0


@atomically
def _remind(user_id: Any, keys: list[int], now: datetime) -> int:
    """Tell this user that these sessions (primary keys) end soon; return of how many."""
    lock_users([user_id])
    chosen = to_tell(now).filter(user_id=user_id, pk__in=keys)
    # Two at once: the second finds them told of.
    count = chosen.update(unused_told_at=now)
    if not count:
        return 0
    told = where_written(Session.objects.filter(pk__in=keys, unused_told_at=now))
    event = events.append(
        Event.Kind.UNUSED_SOON,
        user_id=user_id,
        data={
            "sessions": sorted(told.values_list("pk", flat=True)),
            "ends_at": moments.aware(now + conf.sign_out_unused_warning).isoformat(),
        },
    )
    outbox.enqueue_event(event, receivers_of(user_id))
    return count


def _end(keys: list[int], now: datetime) -> int:
    """End those of these sessions (primary keys) that are still due; return how many."""
    return end_sessions(sessions=due(now).filter(pk__in=keys), reason=EndReason.UNUSED).ended
