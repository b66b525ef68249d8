"""End what other packages have let in for many people, by a worker: batches of a large ending beside those of sessions.

They are claimed, repeated and shown like all others (`bulk.py`). A batch without users is of everyone whom the rule of
an incident is about: it finds out who that is when its turn comes, because the order itself must not ask a bridge.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.db import DatabaseError, router
from django.db.models import QuerySet
from django.utils import timezone

from sessions_ui.actions.account_lock import hold
from sessions_ui.audit import events
from sessions_ui.bridges.active import asked, bridge_named, bridges
from sessions_ui.bridges.protocol import Bridge
from sessions_ui.database.transactions import in_transaction
from sessions_ui.exceptions import SessionsUIError
from sessions_ui.models import Act, Ending, EndingBatch, EndReason, Rule, Session
from sessions_ui.models.containment import is_staff_now
from sessions_ui.models.primary import all_users

T = TypeVar("T")

USERS = 200  # a batch: one transaction


class BridgeFailed(SessionsUIError):
    """A bridge raised something, which is the cause of this."""


def bridged_batches(ending: Ending, users: Collection[Any]) -> Iterator[EndingBatch]:
    """Yield batches, not saved, of what each bridge knows of these users."""
    keys = [_text_of(pk) for pk in users]
    for bridge in bridges():
        for start in range(0, len(keys), USERS):
            yield EndingBatch(ending=ending, bridge=bridge.name, keys=keys[start : start + USERS], size=0)


def bridged_batches_of_rule(ending: Ending) -> list[EndingBatch]:
    """Return one batch, not saved, for each bridge, of everybody whom the rule of an incident is about.

    Of whoever signed in before a time there is none: that says something of sessions, and nothing of the accounts.
    """
    if ending.rule not in (Rule.EVERYONE, Rule.STAFF):
        return []
    return [EndingBatch(ending=ending, bridge=bridge.name, keys=[], size=0) for bridge in bridges()]


def end_bridged_batch(batch: EndingBatch) -> None:
    """Carry out one claimed batch of a bridge. Raises `BridgeFailed` for whatever the bridge raises, `TryAgain` and the
    like where our own database refuses."""
    bridge = bridge_named(batch.bridge)
    if bridge is None:
        raise BridgeFailed from LookupError("there is no such bridge any more")
    if not batch.keys:
        in_transaction(partial(_lay_out, batch, bridge))
    elif bridge.database() == router.db_for_write(Session):
        in_transaction(partial(_end, batch, bridge), decides=True)
    else:
        _end(batch, bridge)


def _lay_out(batch: EndingBatch, bridge: Bridge) -> None:
    ending = batch.ending
    users = all_users().filter(is_staff_now()) if ending.rule == Rule.STAFF else None
    holders = _asked(bridge, partial(bridge.holders, users))
    parts = [part for part in bridged_batches(ending, sorted(holders)) if part.bridge == bridge.name]
    EndingBatch.objects.bulk_create(parts, batch_size=500)
    _mark_done(batch)


def _end(batch: EndingBatch, bridge: Bridge) -> None:
    ending, reason = batch.ending, EndReason(batch.ending.reason)
    users = [_key_of(text) for text in batch.keys]
    if bridge.database() == router.db_for_write(Session):
        hold(users)
    end_of = partial(bridge.end_of, users, reason, made_before=ending.created_at)
    counts = _asked(bridge, end_of)
    if counts:
        act = Act.objects.create(
            reason=reason,
            actor_id=ending.actor_id,
            ticket=ending.ticket,
            note=ending.note,
            happened_at=ending.happened_at,
            ending=ending,
        )
        events.append_bridged(act, bridge.name, counts)
    _mark_done(batch)


def _asked(bridge: Bridge, question: Callable[[], T]) -> T:
    """Return what the bridge answers. Its database says for itself when it wants the transaction repeated."""
    try:
        return asked(bridge, question)
    except DatabaseError:
        raise
    except Exception as error:
        raise BridgeFailed from error


def _mark_done(batch: EndingBatch) -> None:
    rows: QuerySet[EndingBatch] = EndingBatch.objects.filter(pk=batch.pk, done_at__isnull=True)
    rows.update(done_at=timezone.now(), error="")


def _text_of(pk: Any) -> str | int:
    return pk if isinstance(pk, int) else str(pk)


def _key_of(text: Any) -> Any:
    return get_user_model()._meta.pk.to_python(text)
