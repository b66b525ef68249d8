"""Work on batches, from rows that no broker can lose.

A batch is one transaction of bounded length, because SQLite has one writer and everybody else waits for it. Each is
claimed by a conditional UPDATE with a lease, so that two workers never take the same one, and one that a dead worker
held is taken up again. A batch that is done twice does no harm, because a session that has ended is not ended again.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

from django.db import DatabaseError
from django.db.models import F, Q
from django.utils import timezone

from sessions_ui.actions.endings.bridged.batches import BridgeFailed, end_bridged_batch
from sessions_ui.actions.endings.bulk.lay_out import lay_out, not_laid_out
from sessions_ui.actions.endings.bulk.progress import finish, open_batches
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actor import actor_by_key
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import TryAgain
from sessions_ui.models import Act, Ending, EndingBatch, EndReason, Session
from sessions_ui.models.clock import DatabaseNow

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
ATTEMPTS = 8  # then an administrator has to look
WAIT = timedelta(seconds=10)  # before the second attempt; longer before each further one
SECONDS = 60  # a run that takes longer leaves the rest to the next one


def end_batches(*, ending: Ending | None = None, seconds: float = SECONDS) -> int:
    """Work on open batches, of this ending or of all, until none is free or `seconds` are over; return how many
    sessions ended. This is the worker's task, and its sweep."""
    deadline = time.monotonic() + seconds
    ended = 0
    while time.monotonic() < deadline:
        if (batch := claim(ending)) is not None:
            ended += carry_out(batch)
        elif not any(lay_out(row) for row in not_laid_out(ending)):
            break
    finish()
    return ended


def claim(ending: Ending | None = None) -> EndingBatch | None:
    """Claim a batch that nobody holds for the length of the lease, and return it; None where there is none."""
    free = open_batches().filter(Q(leased_until__isnull=True) | Q(leased_until__lte=DatabaseNow()))
    if ending is not None:
        free = free.filter(ending=ending)
    # Not in the UPDATE: it repeats what it asks of its own row only, where it has waited for another one's.
    wanted = free.filter(ending__stopped_at__isnull=True).order_by("pk")
    while (pk := wanted.values_list("pk", flat=True).first()) is not None:
        held = free.filter(pk=pk).update(leased_until=DatabaseNow() + LEASE, attempts=F("attempts") + 1)
        if held:  # else somebody else was faster
            return EndingBatch.objects.select_related("ending").get(pk=pk)
    return None


def carry_out(batch: EndingBatch) -> int:
    """End one claimed batch in one transaction; return how many sessions ended. What went wrong is on the row."""
    ending = batch.ending
    mine = open_batches().filter(pk=batch.pk, attempts=batch.attempts)
    try:
        if batch.bridge:
            end_bridged_batch(batch)
            return 0
        return _end_batch(batch)
    except (DatabaseError, BridgeFailed) as error:
        # Not the text of what a bridge has raised: a database repeats in its messages what was in the row.
        is_ours = not batch.bridge
        logger.warning("Batch %s of ending %s failed", batch.pk, ending.pk, exc_info=is_ours)
        fields: dict[str, Any] = {"leased_until": DatabaseNow() + WAIT * batch.attempts}
        if batch.attempts >= ATTEMPTS:
            fields = {"failed_at": timezone.now()}
        cause = error.__cause__ if isinstance(error, TryAgain | BridgeFailed) else error
        mine.update(error=type(cause).__name__, **fields)
        return 0


@atomically
def _end_batch(batch: EndingBatch) -> int:
    ending = batch.ending
    sessions = Session.objects.filter(pk__in=batch.keys)
    if ending.generation is not None:
        # Not who signed in again since, in the row of a session that was chosen.
        sessions = sessions.filter(generation__lt=ending.generation)
    receipt = end_sessions(
        sessions=sessions,
        reason=EndReason(ending.reason),
        actor=actor_by_key(ending.actor_id),
        ticket=ending.ticket,
        note=ending.note,
        # Until now it lived on although its end was ordered, unless that was in force at once.
        happened_at=ending.happened_at or (None if ending.rule else ending.created_at),
        decided_before=True,
    )
    if receipt.act is not None:
        Act.objects.filter(pk=receipt.act.pk).update(ending=ending)
    # Counted even if the lease was lost meanwhile, because whoever comes second has nothing left to end.
    open_batches().filter(pk=batch.pk).update(
        done_at=timezone.now(), ended=F("ended") + receipt.ended, error=""
    )
    return receipt.ended
