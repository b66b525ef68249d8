"""The history as a file for other programs: CSV or JSON Lines, row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from sessions_ui.audit.entries import COLUMNS, EventRow, utc
from sessions_ui.models import Event, Seal
from sessions_ui.wording.spreadsheet import csv_text

BATCH = 1000  # rows a statement


class Format(StrEnum):
    CSV = "csv"
    JSON_LINES = "jsonl"

    @property
    def label(self) -> str:
        return str({"csv": _("CSV, for a spreadsheet"), "jsonl": _("JSON Lines, for programs")}[self.value])

    @property
    def content_type(self) -> str:
        return {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}[self.value]


NAMES = (
    "position",
    "id",
    "at",
    "kind",
    "subject",
    "actor",
    "session",
    "device",
    "act",
    "reason",
    "ticket",
    "request",
    "address",
    "user_agent",
    "text",
    "data",
)


def exported(events: QuerySet[Event], how: Format) -> Iterator[str]:
    """Yield the events as text, the oldest first, about a thousand at a time: no statement lasts as long as the file.

    `position` is the place in the sealed log, empty for an event that is not sealed yet.
    """
    if how is Format.CSV:
        yield csv_text([NAMES])
    for batch in _batches(events):
        rows = [_values(row, position) for row, position in batch]
        yield csv_text(rows) if how is Format.CSV else "".join(map(_json_line, rows))


def _batches(events: QuerySet[Event]) -> Iterator[list[tuple[EventRow, int | None]]]:
    after = 0
    while True:
        # By keys first: a filter may join what would give a row twice.
        keys = list(events.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not keys:
            return
        found = Event.objects.filter(pk__in=keys).order_by("pk").values_list(*COLUMNS)
        places = dict(Seal.objects.filter(event__in=keys).values_list("event_id", "position"))
        yield [(row, places.get(row.id)) for row in map(EventRow._make, found)]
        after = keys[-1]


def _values(row: EventRow, position: int | None) -> list[Any]:
    return [
        position,
        row.id,
        utc(row.at),
        row.kind,
        _text(row.user_id),
        _text(row.actor_id),
        row.session_id,
        row.device_id,
        _text(row.act_id),
        row.reason,
        row.ticket,
        row.request_id,
        row.address,
        row.user_agent or "",
        row.text or "",
        row.data,
    ]


def _text(key: Any) -> str | None:
    return None if key is None else str(key)


def _json_line(values: list[Any]) -> str:
    return json.dumps(dict(zip(NAMES, values, strict=True))) + "\n"
