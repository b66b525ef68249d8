"""The security log as a file: CSV for a spreadsheet, or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from sessions_ui.database import moments
from sessions_ui.models import Event
from sessions_ui.web.security_log.chosen import Chosen
from sessions_ui.web.security_log.lines import Line
from sessions_ui.wording.spreadsheet import csv_text

BATCH = 500  # events a statement
FORMAT = "sessions_ui.security_log/1"
NAMES = ("id", "at", "kind", "what", "name", "device", "by", "reason", "address")


class LogFormat(StrEnum):
    CSV = "csv"
    JSON = "json"

    @property
    def label(self) -> str:
        return str({"csv": _("Download as CSV"), "json": _("Download as JSON")}[self.value])

    @property
    def content_type(self) -> str:
        return {"csv": "text/csv; charset=utf-8", "json": "application/json; charset=utf-8"}[self.value]


def file_of(chosen: Chosen, user: Any, how: LogFormat, *, before: int) -> Iterator[str]:
    """Return what was chosen as text, the newest first, part by part: no statement lasts as long as the file.

    `before`: only events with a smaller key, so that what is written meanwhile is not in it. Texts and times are in the
    language and the zone of the request that asks, which is over by the time that most of it is read.
    """
    events = chosen.events_of(user).filter(pk__lt=before)
    batches = _batches(events, user, translation.get_language(), timezone.get_current_timezone())
    head = {"format": FORMAT, "made_at": _moment(timezone.now()), "filter": chosen.fields}
    return _csv(batches) if how is LogFormat.CSV else _json(batches, head)


def _csv(batches: Iterator[list[dict[str, Any]]]) -> Iterator[str]:
    yield csv_text([NAMES])
    for rows in batches:
        yield csv_text(row.values() for row in rows)


def _json(batches: Iterator[list[dict[str, Any]]], head: dict[str, Any]) -> Iterator[str]:
    yield "{\n" + ",\n".join(f"{_dumped(name)}: {_dumped(value)}" for name, value in head.items())
    yield ',\n"events": ['
    separator = "\n"
    for rows in batches:
        yield separator + ",\n".join(map(_dumped, rows))
        separator = ",\n"
    yield "\n]\n}\n"


def _batches(
    events: QuerySet[Event], user: Any, language: str | None, zone: Any
) -> Iterator[list[dict[str, Any]]]:
    rest = events
    while batch := list(rest.order_by("-pk")[:BATCH]):
        with translation.override(language), timezone.override(zone):
            rows = [_row(Line(event, user)) for event in batch]
        yield rows
        rest = events.filter(pk__lt=batch[-1].pk)


def _row(line: Line) -> dict[str, Any]:
    event = line.event
    values = (
        event.pk,
        _moment(event.at),
        event.kind,
        line.text,
        line.name,
        line.device,
        line.by_whom,
        event.reason,
        line.address,
    )
    return dict(zip(NAMES, values, strict=True))


def _moment(at: Any) -> str:
    """Return the moment in the zone of the reader, by which the days are counted that they chose."""
    return moments.local(at).isoformat(timespec="seconds")


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
