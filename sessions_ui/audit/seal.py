"""The sealer: it gives each committed event its place in the log, and signs what it did (docs/evidence.md).

It runs after the commit and not with the insert, because many events come from an `INSERT … SELECT`, and because events
commit in another order than their keys. What commits late gets a later place. So positions have no gap, and what was
read up to a position is complete.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

from django.db import router
from django.db.models import Max
from django.utils import timezone

from sessions_ui import outbox
from sessions_ui.audit.checkpoints import emit, signed
from sessions_ui.audit.entries import EventRow, canonical, fill_salts, rows_of, utc
from sessions_ui.audit.keys import SigningKey, signing_key
from sessions_ui.conf import conf
from sessions_ui.database.transactions import in_transaction
from sessions_ui.models import Checkpoint, Cursor, Event, Seal
from sessions_ui.models.locking import locked
from sessions_ui.verify import (
    CHECKPOINT,
    NOTHING_BEFORE,
    SEALED_WITHIN,
    checkpoint_hash,
    leaf_hash,
    merkle_root,
)

BATCH = 1000  # events
PAGE = 2_000  # keys of events that are read at once
SECONDS = 50.0  # cron and beat start the next run after a minute
LOCK = "seal"  # the row that the sealer holds
# An event that is about to be purged gets no place any more: the purge may remove it at the same moment.
OLDEST = 0.99  # of the retention time


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a run has done."""

    events: int
    checkpoints: int
    complete: bool  # False where the time was over before all was sealed


def seal_events(*, seconds: float = SECONDS, everything: bool = False) -> Sealed:
    """Seal the events that are in no batch yet, for about `seconds`; return how many.

    It looks at what has come since an hour before the newest checkpoint; `everything` looks at all events, for one
    whose transaction took longer than that. Any number may run at a time: each batch is made under a lock.
    """
    Cursor.objects.get_or_create(name=LOCK)
    deadline = time.monotonic() + seconds
    key = signing_key()
    after, events, checkpoints, complete = 0 if everything else _settled(), 0, 0, False
    while not complete and (not checkpoints or time.monotonic() < deadline):
        rows, complete = in_transaction(partial(_seal_batch, after, key), using=router.db_for_write(Seal))
        if rows:
            after, events, checkpoints = rows[-1].id, events + len(rows), checkpoints + 1
    emit()
    return Sealed(events, checkpoints, complete)


def unsealed(*, after: int = 0) -> tuple[list[int], bool]:
    """Return the keys of the next events with a greater key than this one that are in no batch, `BATCH` at most, and
    whether these are all. Those about to be purged are left out.

    Page by page along both keys. To join the two tables would read and sort all that is left for every batch, and take
    longer for each (docs/performance.md).
    """
    events = Event.objects.filter(at__gt=timezone.now() - conf.retention * OLDEST).order_by("pk")
    found: list[int] = []
    while keys := list(events.filter(pk__gt=after).values_list("pk", flat=True)[:PAGE]):
        seals = Seal.objects.filter(event_id__gt=after, event_id__lte=keys[-1])
        sealed = set(seals.values_list("event_id", flat=True))
        found += [key for key in keys if key not in sealed]
        if len(found) > BATCH:
            return found[:BATCH], False
        if len(keys) < PAGE:
            break
        after = keys[-1]
    return found, True


def _settled() -> int:
    """Return the key up to which no event can be without a place, unless its transaction took over an hour."""
    before = Checkpoint.objects.filter(at__lte=timezone.now() - SEALED_WITHIN)
    return before.aggregate(greatest=Max("greatest_event"))["greatest"] or 0


def _seal_batch(after: int, key: SigningKey | None) -> tuple[list[EventRow], bool]:
    """Seal one batch of the events with a greater key than `after`; return them, and whether these were all. To be run
    in a transaction."""
    list(locked(Cursor.objects.filter(name=LOCK)).values_list("pk"))
    keys, complete = unsealed(after=after)
    rows = list(rows_of(Event.objects.filter(pk__in=keys).order_by("pk"))) if keys else []
    if not rows:
        return [], complete
    if bare := [row.id for row in rows if row.has_detail and row.salt is None]:
        fill_salts(bare)
        salted = {row.id: row for row in rows_of(Event.objects.filter(pk__in=bare))}
        rows = [salted.get(row.id, row) for row in rows]
    last = Checkpoint.objects.order_by("-number").first()
    position = last.last if last else 0
    seals = []
    for row in rows:
        position += 1
        commitment = row.commitment()
        leaf = leaf_hash(row.entry(commitment))
        seals.append(Seal(position=position, event_id=row.id, commitment=commitment, leaf=leaf))
    Seal.objects.bulk_create(seals)
    checkpoint = _checkpoint(last, rows, [bytes(seal.leaf) for seal in seals], key)
    checkpoint.save(force_insert=True)
    outbox.enqueue_checkpoint(checkpoint)
    return rows, complete


def _checkpoint(
    before: Checkpoint | None, rows: list[EventRow], leaves: list[bytes], key: SigningKey | None
) -> Checkpoint:
    """Return the checkpoint of a batch, signed and not saved yet."""
    number, first = (before.number + 1, before.last + 1) if before else (1, 1)
    # The clocks of two hosts differ, and a checkpoint is never older than the one before it.
    at = max(timezone.now(), before.at) if before else timezone.now()
    # An event from the future would keep its batch, and with it all later ones, for ever.
    newest = min(at, max(row.at for row in rows))
    text = canonical(
        {
            "at": utc(at),
            "count": len(rows),
            "first": first,
            "key": key.id if key else "",
            "newest": utc(newest),
            "number": number,
            "previous": checkpoint_hash(before.text).hex() if before else NOTHING_BEFORE,
            "root": merkle_root(leaves).hex(),
            "type": CHECKPOINT,
        }
    )
    return Checkpoint(
        number=number,
        at=at,
        last=first + len(rows) - 1,
        newest_at=newest,
        greatest_event=max(rows[-1].id, before.greatest_event if before else 0),
        text=text,
        signature=signed(text, key),
    )
