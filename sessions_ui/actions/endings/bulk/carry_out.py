"""End many sessions by a worker, in batches, from rows that no broker can lose.

No request waits for it. A batch is one transaction of bounded length, because SQLite has one writer and everybody else
waits for it. Each batch is claimed by a conditional UPDATE with a lease, so that two workers never take the same one,
and one that a dead worker held is taken up again. A batch that is done twice does no harm, because a session that has
ended is not ended again.

What an incident has ended at once needs only to be written into the rows, and of these there may be millions. So nobody
lists them beforehand: the batches are laid out by the workers, a page of users at a time (`lay_out()`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import DatabaseError, connections, router, transaction
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.account_lock import hold, users_of
from sessions_ui.actions.endings.end import Receipt, end_sessions
from sessions_ui.actions.endings.happened import verify_happened
from sessions_ui.actions.sessions.containment import contained
from sessions_ui.actor import actor_by_key, actor_of
from sessions_ui.audit import events
from sessions_ui.database.transactions import atomically, in_transaction
from sessions_ui.exceptions import TryAgain
from sessions_ui.models import Act, Ending, EndingBatch, EndReason, Event, Limits, Rule, Session
from sessions_ui.models.clock import DatabaseNow
from sessions_ui.models.locking import as_they_are_now, locked
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.protocols import HasPk
from sessions_ui.services.queueing import queue_endings_task

logger = logging.getLogger(__name__)

BATCH = 200  # sessions a transaction; seen: 35 ms on SQLite (docs/endings.md)
# The same for what is refused already, where there is more than one writer: nobody waits for these accounts but a
# sign-in, and fewer transactions are faster (docs/incidents.md).
LARGE_BATCH = 2_000
PAGE = 20_000  # sessions for which batches are laid out in one go
LEASE = timedelta(minutes=2)
ATTEMPTS = 8  # then an administrator has to look
WAIT = timedelta(seconds=10)  # before the second attempt; longer before each further one
SECONDS = 60  # a run that takes longer leaves the rest to the next one


@atomically
def end_later(
    *,
    sessions: SessionQuerySet,
    reason: EndReason,
    actor: HasPk | None = None,
    ticket: str = "",
    note: str = "",
    happened_at: datetime | None = None,
    of_users: QuerySet[Any] | None = None,
    unadopted: bool = False,
) -> Ending:
    """Have a worker end those of these sessions that are signed in now; return the row that shows the progress.

    The choice is recorded here: a sign-in from now on is not part of it, except one that takes the place of a chosen
    one in the same browser before the worker comes. The decision itself is in force with the commit: no sign-in of
    these accounts that waits for its second factor goes on, and with `unadopted` nothing that another engine still
    holds of them is adopted. Use `end_sessions()` for what must be over when the request is answered.

    `of_users` says whose sessions they can be, as for `end_sessions()`; without it, the owners of the chosen sessions.
    `reason`, `actor`, `ticket`, `note` and `happened_at` are as for `end_sessions()`: what a session lives until its
    batch is persistence debt in any case. Raises `TryAgain` or `OutcomeUnknown` as that
    does, and `NotTheOwner` where staff uses an account. Without a worker, `manage.py sessions carry-out` does the work.
    """
    context.require_owner()
    happened_at = verify_happened(happened_at)
    using = router.db_for_write(Session)
    living = sessions.using(using).filter(user__isnull=False, ended_at__isnull=True)
    accounts = users_of(living) if of_users is None else of_users
    hold(accounts, decided=reason, unadopted=unadopted)
    keys = list(as_they_are_now(living.order_by("user_id", "pk")).values_list("user_id", "pk"))
    ending = Ending.objects.using(using).create(
        reason=reason,
        actor_id=actor_of(actor).pk,
        ticket=ticket,
        note=note,
        happened_at=happened_at,
        total=len(keys),
        done_at=None if keys else timezone.now(),
    )
    EndingBatch.objects.using(using).bulk_create(
        (EndingBatch(ending=ending, keys=batch, size=len(batch)) for batch in batches(keys, BATCH)),
        batch_size=500,
    )
    transaction.on_commit(queue_endings_task, using=using)
    return ending


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


def finish() -> None:
    """Note of each ending of which nothing is open any more that it is done."""
    unfinished = Ending.objects.filter(done_at__isnull=True, is_laid_out=True)
    for ending in unfinished.exclude(pk__in=open_batches().values("ending_id")).select_related("incident"):
        in_transaction(partial(_finish, ending))


def _finish(ending: Ending) -> None:
    undone = Ending.objects.filter(pk=ending.pk, done_at__isnull=True)
    if not undone.update(done_at=timezone.now()) or (incident := getattr(ending, "incident", None)) is None:
        return
    receipt = receipt_of(ending)
    data = {"step": "finished", "incident": incident.pk, "ended": receipt.ended, "failed": receipt.failed}
    events.append(Event.Kind.INCIDENT, actor_id=ending.actor_id, data=data)


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
    sessions = ended_at_once(ending)
    if not ending.position:
        ending.total = sessions.count()
    else:
        sessions = sessions.filter(user_id__gt=ending.position)
    keys = list(sessions.order_by("user_id", "pk").values_list("user_id", "pk")[:PAGE])
    ending.is_laid_out = len(keys) < PAGE
    if not ending.is_laid_out:
        keys = _of_whole_users(keys, sessions)
    if keys:
        ending.position = str(keys[-1][0])
    size = BATCH if connections[using].vendor == "sqlite" else LARGE_BATCH
    EndingBatch.objects.using(using).bulk_create(
        (EndingBatch(ending=ending, keys=batch, size=len(batch)) for batch in batches(keys, size)),
        batch_size=500,
    )
    ending.save(update_fields=["total", "position", "is_laid_out"])
    return bool(keys)


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


def open_batches() -> QuerySet[EndingBatch]:
    rows = EndingBatch.objects.using(router.db_for_write(EndingBatch))
    return rows.filter(done_at__isnull=True, failed_at__isnull=True)


@atomically
def stop(ending: Ending) -> bool:
    """Begin no further batch of this ending; return whether it was under way. One that is under way is finished."""
    running = Ending.objects.filter(pk=ending.pk, done_at__isnull=True, stopped_at__isnull=True)
    return bool(running.update(stopped_at=timezone.now()))


@atomically
def resume(ending: Ending) -> bool:
    """Go on with an ending that was stopped; return whether it was."""
    stopped = Ending.objects.filter(pk=ending.pk, done_at__isnull=True, stopped_at__isnull=False)
    resumed = bool(stopped.update(stopped_at=None))
    if resumed:
        transaction.on_commit(queue_endings_task, using=router.db_for_write(Ending))
    return resumed


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
        return _end_batch(batch)
    except DatabaseError as error:
        logger.warning("Batch %s of ending %s failed", batch.pk, ending.pk, exc_info=True)
        fields: dict[str, Any] = {"leased_until": DatabaseNow() + WAIT * batch.attempts}
        if batch.attempts >= ATTEMPTS:
            fields = {"failed_at": timezone.now()}
        mine.update(error=type(error.__cause__ if isinstance(error, TryAgain) else error).__name__, **fields)
        return 0


@atomically
def _end_batch(batch: EndingBatch) -> int:
    ending = batch.ending
    sessions = Session.objects.filter(pk__in=batch.keys)
    if (
        ending.generation is not None
    ):  # not who signed in again since, in the row of a session that was chosen
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


def retry_failed(endings: QuerySet[Ending]) -> int:
    """Put the failed batches of these endings back in the queue, from the first attempt on; return how many."""
    keys = list(endings.values_list("pk", flat=True))
    again = EndingBatch.objects.filter(ending__in=keys, failed_at__isnull=False).update(
        failed_at=None, attempts=0, leased_until=None
    )
    if again:
        Ending.objects.filter(pk__in=keys).update(done_at=None)
        queue_endings_task()
    return again


def receipt_of(ending: Ending) -> Receipt:
    """Return how far the ending has come: what ended, what others had ended, what failed.

    One statement; its acts name the ending.
    """
    sums = ending.batches.aggregate(
        done=Sum("size", filter=Q(done_at__isnull=False)),
        failed=Sum("size", filter=Q(failed_at__isnull=False)),
        ended=Sum("ended"),
    )
    ended = sums["ended"] or 0
    return Receipt(
        act=None,
        ended=ended,
        already_ended=max((sums["done"] or 0) - ended, 0),
        failed=sums["failed"] or 0,
    )
