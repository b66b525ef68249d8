"""Receipts: what an act or a call at the help desk did, proven by the sealed log (docs/evidence.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from sessions_ui.audit.entries import rows_of, utc
from sessions_ui.audit.log import entry_line
from sessions_ui.models import Act, Case, Checkpoint, Event, Seal
from sessions_ui.verify import RECEIPT, Entry, inclusion_path


class NoReceipt(Exception):
    """There is nothing to prove yet, or any more; the text says why."""


def receipt_of_act(act: Act, *, details: bool = False) -> dict[str, Any]:
    """Return the receipt of an act: the events that carry it. Raises `NoReceipt`."""
    about = {
        "act": str(act.pk),
        "at": utc(act.at),
        "reason": act.reason,
        "ticket": act.ticket,
        "count": act.count,
    }
    return _receipt(about, Event.objects.filter(act=act), details=details)


def receipt_of_case(case: Case, *, details: bool = False) -> dict[str, Any]:
    """Return the receipt of a call at the help desk: each step, and what its acts ended. Raises `NoReceipt`."""
    steps = Event.objects.filter(
        kind=Event.Kind.HELP_DESK, actor_id=case.agent_id, at__gte=case.opened_at, data__case=case.public_id
    )
    # MariaDB compares no list of a JSON column with keys, so the ids are read.
    acts = [UUID(act) for data in steps.values_list("data", flat=True) for act in data.get("acts", ())]
    about = {"case": case.public_id, "at": utc(case.opened_at), "reason": case.reason, "ticket": case.ticket}
    keys = list(steps.values_list("pk", flat=True))
    return _receipt(about, Event.objects.filter(Q(pk__in=keys) | Q(act__in=acts)), details=details)


def _receipt(about: dict[str, Any], events: QuerySet[Event], *, details: bool) -> dict[str, Any]:
    rows = {row.id: row for row in rows_of(events.order_by("pk"))}
    if not rows:
        raise NoReceipt("There is no event of it: it is older than the retention time.")
    seals = list(Seal.objects.filter(event__in=list(rows)).order_by("position"))
    if open_ := len(rows) - len(seals):
        raise NoReceipt(f"{open_} of its events are not sealed yet: manage.py seal_events does it now.")
    checkpoints: dict[int, Checkpoint] = {}
    entries, batch, leaves = [], None, []
    for seal in seals:
        if batch is None or seal.position > batch.last:
            batch = _checkpoint_of(seal.position)
            checkpoints[batch.number] = batch
            first = _first_of(batch)
            positions = Seal.objects.filter(position__gte=first, position__lte=batch.last).order_by(
                "position"
            )
            leaves = [bytes(leaf) for leaf in positions.values_list("leaf", flat=True)]
        row = rows[seal.event_id]
        is_shown = details and row.salt is not None
        entry = Entry(
            position=seal.position,
            text=row.entry(seal.commitment),
            detail=row.detail() if is_shown else None,
            salt=bytes(row.salt) if is_shown else None,
        )
        path = inclusion_path(leaves, seal.position - first)
        entries.append({**entry_line(entry), "path": [node.hex() for node in path]})
    return {
        "type": RECEIPT,
        "made_at": utc(timezone.now()),
        "about": about,
        "entries": entries,
        "checkpoints": [
            {"checkpoint": each.text, "signature": each.signature} for each in _with_signed(checkpoints)
        ],
    }


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
