"""Receipts: what an act or a call at the help desk did, proven by the sealed log (docs/evidence.md)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from sessions_ui.audit.entries import EventRow, rows_of, utc
from sessions_ui.audit.log import entry_line
from sessions_ui.exceptions import NoReceipt
from sessions_ui.models import Act, Case, Checkpoint, Event, Seal
from sessions_ui.verify import RECEIPT, Entry, path_in, tree_of

PAGE = 500  # events that are read at a time


def receipt_of_act(act: Act, *, details: bool = False) -> Iterator[str]:
    """Return the receipt of an act in pieces of text: the events that carry it, and what proves them.

    It is one JSON object (docs/evidence.md, "The receipt"), read from the database while it is taken, in the memory of
    a batch of the log, whatever the number of events. `details`: with addresses, user agents and texts, as long as they
    are kept. Raises `NoReceipt` before the first piece, and where a checkpoint is gone when it comes to that.
    """
    about = {
        "act": str(act.pk),
        "at": utc(act.at),
        "reason": act.reason,
        "ticket": act.ticket,
        "count": act.count,
    }
    return _receipt(about, Event.objects.filter(act=act), details=details)


def receipt_of_case(case: Case, *, details: bool = False) -> Iterator[str]:
    """Return the receipt of a call at the help desk: each step, a second agent's among them, and what its acts ended.
    As `receipt_of_act()`."""
    steps = Event.objects.filter(kind=Event.Kind.HELP_DESK, at__gte=case.opened_at, data__case=case.public_id)
    # MariaDB compares no list of a JSON column with keys, so the ids are read.
    acts = [UUID(act) for data in steps.values_list("data", flat=True) for act in data.get("acts", ())]
    about = {"case": case.public_id, "at": utc(case.opened_at), "reason": case.reason, "ticket": case.ticket}
    keys = list(steps.values_list("pk", flat=True))
    return _receipt(about, Event.objects.filter(Q(pk__in=keys) | Q(act__in=acts)), details=details)


def _receipt(about: dict[str, Any], events: QuerySet[Event], *, details: bool) -> Iterator[str]:
    number = events.count()
    if not number:
        raise NoReceipt("There is no event of it: it is older than the retention time.")
    if open_ := number - Seal.objects.filter(event__in=events.order_by().values("pk")).count():
        raise NoReceipt(f"{open_} of its events are not sealed yet: manage.py seal_events does it now.")
    # What comes afterwards is in no receipt that was begun before.
    return _pieces(about, events.filter(pk__lte=events.aggregate(last=Max("pk"))["last"]), details=details)


def _pieces(about: dict[str, Any], events: QuerySet[Event], *, details: bool) -> Iterator[str]:
    batches = _Batches()
    head = json.dumps({"type": RECEIPT, "made_at": utc(timezone.now()), "about": about})
    yield f'{head[:-1]}, "entries": ['
    yield from _joined(_entries(events, batches, details=details))
    yield '\n], "checkpoints": ['
    yield from _joined(
        {"checkpoint": each.text, "signature": each.signature} for each in _with_signed(batches.used)
    )
    yield "\n]}\n"


def _joined(objects: Iterable[dict[str, Any]]) -> Iterator[str]:
    for number, each in enumerate(objects):
        yield f"{',' if number else ''}\n{json.dumps(each)}"


def _entries(events: QuerySet[Event], batches: _Batches, *, details: bool) -> Iterator[dict[str, Any]]:
    after = 0
    while rows := list(rows_of(events.filter(pk__gt=after).order_by("pk")[:PAGE])):
        after = rows[-1].id
        found = Seal.objects.filter(event__in=[row.id for row in rows])
        seals = {seal.event_id: seal for seal in found.only("position", "event_id", "commitment")}
        for row in rows:
            if (seal := seals.get(row.id)) is None:
                raise NoReceipt("The place of an event is gone: run manage.py verify_events.")
            yield _entry(row, seal, batches.path_to(seal.position), is_shown=details)


def _entry(row: EventRow, seal: Seal, path: list[bytes], *, is_shown: bool) -> dict[str, Any]:
    is_shown = is_shown and row.salt is not None
    entry = Entry(
        position=seal.position,
        text=row.entry(seal.commitment),
        detail=row.detail() if is_shown else None,
        salt=bytes(row.salt) if is_shown else None,
    )
    return {**entry_line(entry), "path": [node.hex() for node in path]}


class _Batch(NamedTuple):
    first: int  # position
    last: int
    tree: list[list[bytes]]


class _Batches:
    """The batches that a receipt has to do with. The trees of a few are kept: events come by their keys, which is
    nearly the order of their positions."""

    KEPT = 4

    def __init__(self) -> None:
        self.used: dict[int, Checkpoint] = {}
        self._kept: list[_Batch] = []

    def path_to(self, position: int) -> list[bytes]:
        """Return the proof that this position is in its batch. Raises `NoReceipt` where nothing covers it."""
        batch = next((each for each in self._kept if each.first <= position <= each.last), None)
        if batch is None:
            batch = self._read(position)
            self._kept = [batch, *self._kept[: self.KEPT - 1]]
        return path_in(batch.tree, position - batch.first)

    def _read(self, position: int) -> _Batch:
        checkpoint = _checkpoint_of(position)
        self.used[checkpoint.number] = checkpoint
        first = _first_of(checkpoint)
        rows = Seal.objects.filter(position__gte=first, position__lte=checkpoint.last).order_by("position")
        leaves = [bytes(leaf) for leaf in rows.values_list("leaf", flat=True)]
        return _Batch(first, checkpoint.last, tree_of(leaves))


def _checkpoint_of(position: int) -> Checkpoint:
    found = Checkpoint.objects.filter(last__gte=position).order_by("last").first()
    if found is None:
        raise NoReceipt("The checkpoint of an event is gone: run manage.py verify_events.")
    return found


def _first_of(checkpoint: Checkpoint) -> int:
    before = Checkpoint.objects.filter(number__lt=checkpoint.number).order_by("-number").first()
    return before.last + 1 if before else 1


def _with_signed(checkpoints: dict[int, Checkpoint]) -> Sequence[Checkpoint]:
    """Return the checkpoints in their order, and behind one without a signature those up to the next that has one.

    It vouches for those before it, because each holds the hash of the one before.
    """
    every = dict(checkpoints)
    for number, checkpoint in checkpoints.items():
        if checkpoint.signature:
            continue
        for later in Checkpoint.objects.filter(number__gt=number).order_by("number").iterator():
            every[later.number] = later
            if later.signature:
                break
    return [every[number] for number in sorted(every)]
