"""The sealed log as it is in the database, record by record: what `verify_events` checks, and what is exported."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from sessions_ui.audit.entries import COLUMNS, EventRow, rows_of, utc
from sessions_ui.audit.seal import unsealed
from sessions_ui.models import Checkpoint, Event, Seal
from sessions_ui.verify import LOG, Entry, Malformed
from sessions_ui.verify import Checkpoint as Signed

BATCH = 1000  # rows a statement
OF_SEAL = ("position", "leaf", "commitment", "event_id")


class CutMeanwhile(Exception):
    """The retention task has removed what was about to be read: begin again."""


def records() -> Iterator[Entry | Signed]:
    """Yield the log in its order: the entries of each batch and then its checkpoint; at the end the events that are in
    no batch. Memory for one batch. Raises `CutMeanwhile`."""
    first, number, position = True, 0, 0
    while checkpoints := list(Checkpoint.objects.filter(number__gt=number).order_by("number")[:100]):
        for checkpoint in checkpoints:
            entries = list(_entries(position, checkpoint.last))
            is_base = first and not entries
            if not is_base and len(entries) != checkpoint.last - position and is_cut(checkpoint.number):
                raise CutMeanwhile
            yield from entries
            yield _signed(checkpoint)
            first, number, position = False, checkpoint.number, checkpoint.last
    # Those of checkpoints that are gone, wherever they are: a made-up place would hide an event from the look below.
    while entries := list(
        _entries_of(Seal.objects.filter(position__gt=position).order_by("position")[:BATCH])
    ):
        yield from entries
        position = entries[-1].position or position
    for row in _unsealed():
        yield Entry(position=None, text=row.entry(row.commitment() if row.salt is not None else None))


def _signed(checkpoint: Checkpoint) -> Signed:
    try:
        return Signed.read(checkpoint.text, checkpoint.signature)
    except Malformed as error:
        raise Malformed(f"checkpoint {checkpoint.number}: {error}") from error


def is_cut(number: int) -> bool:
    """Return whether the events of the checkpoint with this number were removed because they were old."""
    first = Checkpoint.objects.order_by("number").values_list("number", "last").first()
    if first is None or first[0] < number:
        return False
    return first[0] > number or not Seal.objects.filter(position__lte=first[1]).exists()


def _entries(after: int, last: int) -> Iterator[Entry]:
    """Yield the entries at the positions after `after` up to `last`, those of removed events included."""
    return _entries_of(Seal.objects.filter(position__gt=after, position__lte=last).order_by("position"))


def _entries_of(seals: QuerySet[Seal]) -> Iterator[Entry]:
    kept = list(seals.values_list(*OF_SEAL))
    found = Event.objects.filter(pk__in=[event for *_rest, event in kept]).values_list(*COLUMNS)
    events = {row.id: row for row in map(EventRow._make, found)}
    for position, leaf, commitment, event in kept:
        yield _entry(position, bytes(leaf), commitment, events.get(event))


def _entry(position: int, leaf: bytes, commitment: Any, row: EventRow | None) -> Entry:
    if row is None:
        return Entry(position, None, leaf)
    is_open = row.has_detail and (row.salt is not None or commitment is None)
    return Entry(
        position,
        row.entry(commitment),
        leaf,
        detail=row.detail() if is_open else None,
        salt=bytes(row.salt) if is_open and row.salt is not None else None,
        partly=row.has_detail and not is_open,
    )


def _unsealed() -> Iterator[EventRow]:
    after, complete = 0, False
    while not complete:
        keys, complete = unsealed(after=after)
        yield from rows_of(Event.objects.filter(pk__in=keys).order_by("pk"))
        after = keys[-1] if keys else after


def lines(*, details: bool) -> Iterator[str]:
    """Yield the sealed log as text, a JSON object a line (docs/evidence.md, "The sealed log as a file").

    `details`: with those that are still there. The log can be verified without them.
    """
    yield json.dumps({"type": LOG, "made_at": utc(timezone.now())}) + "\n"
    for record in records():
        if isinstance(record, Entry) and not details:
            record = replace(record, detail=None, salt=None)
        yield json.dumps(_line(record)) + "\n"


def _line(record: Entry | Signed) -> dict[str, Any]:
    if isinstance(record, Signed):
        return {"checkpoint": record.text, "signature": base64.b64encode(record.signature).decode()}
    return entry_line(record)


def entry_line(entry: Entry) -> dict[str, Any]:
    """Return an entry as files have it."""
    line: dict[str, Any] = {"position": entry.position, "entry": entry.text}
    if entry.leaf is not None:
        line["leaf"] = entry.leaf.hex()
    if entry.detail is not None:
        line["detail"] = entry.detail
    if entry.salt is not None:
        line["salt"] = entry.salt.hex()
    return line
