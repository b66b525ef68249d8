"""Divide the sessions of an ending into batches.

What was chosen by hand is written down with the decision. What an incident has ended at once needs only to be written
into the rows, and of these there may be millions. So nobody lists them beforehand: their batches are laid out by the
workers, a page of users at a time (`lay_out()`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connections, router
from django.db.models import QuerySet

from sessions_ui.actions.endings.bridged.batches import bridged_batches_of_rule
from sessions_ui.database.transactions import in_transaction
from sessions_ui.models import Ending, EndingBatch, Limits, Rule, Session
from sessions_ui.models.containment import contained
from sessions_ui.models.locking import locked
from sessions_ui.models.session import SessionQuerySet

BATCH = 200  # sessions a transaction; seen: 35 ms on SQLite (docs/endings.md)
# The same for what is refused already, where there is more than one writer: nobody waits for these accounts but a
# sign-in, and fewer transactions are faster (docs/incidents.md).
LARGE_BATCH = 2_000
PAGE = 20_000  # sessions for which batches are laid out in one go


def write_batches(ending: Ending, keys: Iterable[tuple[Any, int]], size: int | None = None) -> None:
    """Write batches of about `size` sessions (`BATCH`), from pairs of user and session that are sorted by user."""
    EndingBatch.objects.using(router.db_for_write(EndingBatch)).bulk_create(
        (EndingBatch(ending=ending, keys=batch, size=len(batch)) for batch in batches(keys, size or BATCH)),
        batch_size=500,
    )


def batches(keys: Iterable[tuple[Any, int]], size: int) -> Iterator[list[int]]:
    """Yield lists of about `size` sessions from pairs of user and session, sorted by user.

    Each user is in only one list, unless one list could not hold all of their sessions.
    """
    batch: list[int] = []
    for _user, pairs in groupby(keys, key=itemgetter(0)):
        own = [pk for _owner, pk in pairs]
        if batch and len(batch) + len(own) > size:
            yield batch
            batch = []
        while len(own) > size:
            yield own[:size]
            own = own[size:]
        batch += own
    if batch:
        yield batch


def not_laid_out(ending: Ending | None = None) -> QuerySet[Ending]:
    """Return the endings, this one or all, for which more batches are to be laid out."""
    rows = Ending.objects.filter(is_laid_out=False, stopped_at__isnull=True)
    return rows if ending is None else rows.filter(pk=ending.pk)


def lay_out(ending: Ending) -> bool:
    """Lay out batches for the next page of what an incident has ended; return whether there was any.

    In one transaction, and one worker after the other: whoever dies meanwhile has laid out nothing.
    """
    return in_transaction(partial(_lay_out, ending.pk))


def _lay_out(pk: int) -> bool:
    using = router.db_for_write(Ending)
    ending = locked(not_laid_out().using(using).filter(pk=pk)).first()
    if ending is None:
        return False
    sessions, bridged = ended_at_once(ending), []
    if not ending.position:
        ending.total = sessions.count()
        bridged = EndingBatch.objects.using(using).bulk_create(bridged_batches_of_rule(ending))
    else:
        sessions = sessions.filter(user_id__gt=ending.position)
    keys = list(sessions.order_by("user_id", "pk").values_list("user_id", "pk")[:PAGE])
    ending.is_laid_out = len(keys) < PAGE
    if not ending.is_laid_out:
        keys = _of_whole_users(keys, sessions)
    if keys:
        ending.position = str(keys[-1][0])
    size = BATCH if connections[using].vendor == "sqlite" else LARGE_BATCH
    write_batches(ending, keys, size)
    ending.save(update_fields=["total", "position", "is_laid_out"])
    return bool(keys or bridged)


def _of_whole_users(keys: list[tuple[Any, int]], sessions: SessionQuerySet) -> list[tuple[Any, int]]:
    """Leave the last user of a page to the next one, because not all of their sessions may be here; or fetch the rest,
    where there is nobody else."""
    last = keys[-1][0]
    whole = [pair for pair in keys if pair[0] != last]
    return whole or list(sessions.filter(user_id=last).order_by("pk").values_list("user_id", "pk"))


def ended_at_once(ending: Ending) -> SessionQuerySet:
    """Return the sessions that the rule of this ending has ended, and whose rows do not say so yet."""
    generation = ending.generation or 0
    limits = Limits(
        everyone=generation if ending.rule == Rule.EVERYONE else 0,
        staff=generation if ending.rule == Rule.STAFF else 0,
        before=generation if ending.rule == Rule.BEFORE else 0,
        before_at=ending.before_at,
    )
    rows: SessionQuerySet = Session.objects.using(router.db_for_write(Session))
    return rows.filter(contained(limits), ended_at__isnull=True)
