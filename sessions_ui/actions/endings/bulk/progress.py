"""How far an ending has come, and when it is done."""

from __future__ import annotations

from functools import partial

from django.db import router
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from sessions_ui.actions.endings.end import Receipt
from sessions_ui.audit import events
from sessions_ui.database.transactions import in_transaction
from sessions_ui.models import Ending, EndingBatch, Event


def open_batches() -> QuerySet[EndingBatch]:
    rows = EndingBatch.objects.using(router.db_for_write(EndingBatch))
    return rows.filter(done_at__isnull=True, failed_at__isnull=True)


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
