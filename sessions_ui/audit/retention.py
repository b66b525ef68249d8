"""The end of the retention time: the log is cut at a checkpoint, so that what stays can be verified."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.db import router
from django.db.models import QuerySet

from sessions_ui.audit import events
from sessions_ui.audit.seal import seal_events
from sessions_ui.conf import conf
from sessions_ui.database.transactions import in_transaction
from sessions_ui.models import Checkpoint, Event, EventDetail, Seal
from sessions_ui.models.primary import PrimaryQuerySet

# Each cut is an event; a step less than this is not worth one.
STEP = timedelta(days=1)


def cut_log(old: datetime) -> int:
    """Remove the batches of which no event is younger than `old`; return how many rows of events and details went.

    The last checkpoint of what goes stays: the log begins after it. That it was cut there, and after how long, is an
    event of its own, without which `verify_events` reports what is gone. It is sealed before anything goes: one that is
    not could be put in by whoever removes events. Where that fails, the next run removes them. Each batch is a
    transaction.
    """
    batches = list(_old_batches(old))
    if not batches:
        return 0
    using, target = router.db_for_write(Event), batches[-1]
    data = {"checkpoint": target.number, "retention": int(conf.retention.total_seconds())}
    if not _is_announced(target.number):
        in_transaction(partial(events.append, Event.Kind.LOG_CUT, data=data), using=using)
    if not _is_announcement_sealed():
        seal_events()
    if not _is_announcement_sealed():
        return 0
    return sum(in_transaction(partial(_remove, batch), using=using) for batch in batches)


def _old_batches(old: datetime) -> list[Checkpoint]:
    """Return the checkpoints whose events may go, from the beginning of the log; none while it is but a short step."""
    young = (
        Checkpoint.objects.filter(newest_at__gt=old)
        .order_by("number")
        .values_list("number", flat=True)
        .first()
    )
    over = Checkpoint.objects.order_by("number")
    if young is not None:
        over = over.filter(number__lt=young)
    batches = list(over)
    if not batches or _has_events(batches[0]):
        return batches
    base, batches = batches[0], batches[1:]
    far = bool(batches) and batches[-1].newest_at - base.newest_at >= STEP
    return batches if far or (batches and _is_announced(batches[-1].number)) else []


def _has_events(checkpoint: Checkpoint) -> bool:
    """Return whether the events of the first checkpoint there is are still there."""
    return Seal.objects.filter(position__lte=checkpoint.last).exists()


def _is_announced(number: int) -> bool:
    """Return whether an event says that the log is cut here: the last time somebody was stopped half-way."""
    last = _announcements().values_list("data", flat=True).first()
    return last is not None and last.get("checkpoint", 0) >= number


def _is_announcement_sealed() -> bool:
    return Seal.objects.filter(event=_announcements().values_list("pk", flat=True).first()).exists()


def _announcements() -> QuerySet[Event]:
    return Event.objects.filter(kind=Event.Kind.LOG_CUT).order_by("-pk")


def _remove(batch: Checkpoint) -> int:
    """Remove the events of this batch, the first that has any, and the checkpoint before it."""
    seals: PrimaryQuerySet[Seal] = PrimaryQuerySet(Seal).filter(position__lte=batch.last)
    keys = list(seals.values_list("event_id", flat=True))
    removed = 0
    for start in range(0, len(keys), 1000):
        some = keys[start : start + 1000]
        removed += PrimaryQuerySet(EventDetail).filter(pk__in=some)._raw_delete(seals.db)
        removed += PrimaryQuerySet(Event).filter(pk__in=some)._raw_delete(seals.db)
    seals._raw_delete(seals.db)
    before: PrimaryQuerySet[Checkpoint] = PrimaryQuerySet(Checkpoint).filter(number__lt=batch.number)
    before._raw_delete(before.db)
    return removed
