"""What of an event is sealed, as a text: docs/evidence.md, "The entry", is its specification."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db import models

from sessions_ui.database import moments
from sessions_ui.models import Event, EventDetail
from sessions_ui.verify import EVENT, commitment

COLUMNS = (
    "id",
    "at",
    "kind",
    "user_id",
    "actor_id",
    "session_id",
    "device_id",
    "act_id",
    "reason",
    "ticket",
    "request_id",
    "data",
    "detail__event_id",
    "detail__address",
    "detail__user_agent",
    "detail__text",
    "detail__salt",
)


class EventRow(NamedTuple):
    """An event with its detail, as columns. What the detail has is None where there is no such row."""

    id: int
    at: datetime
    kind: str
    user_id: Any
    actor_id: Any
    session_id: int | None
    device_id: int | None
    act_id: Any
    reason: str
    ticket: str
    request_id: str
    data: dict[str, Any]
    detail_id: int | None
    address: str | None
    user_agent: str | None
    text: str | None
    salt: Any

    @property
    def has_detail(self) -> bool:
        return self.detail_id is not None

    def detail(self) -> str:
        """Return the text of the detail that is committed to."""
        return canonical({"address": self.address, "text": self.text, "user_agent": self.user_agent})

    def commitment(self) -> bytes | None:
        """Return what the entry holds in place of the detail; None where there is none."""
        return commitment(bytes(self.salt), self.detail()) if self.has_detail else None

    def entry(self, detail: bytes | memoryview | None) -> str:
        """Return the text of the event that is sealed, with what its detail has been committed to."""
        return canonical(
            {
                "act": _text(self.act_id),
                "actor": _text(self.actor_id),
                "at": utc(self.at),
                "data": self.data,
                "detail": None if detail is None else bytes(detail).hex(),
                "device": self.device_id,
                "id": self.id,
                "kind": self.kind,
                "reason": self.reason,
                "request": self.request_id,
                "session": self.session_id,
                "subject": _text(self.user_id),
                "ticket": self.ticket,
                "type": EVENT,
            }
        )


def rows_of(events: models.QuerySet[Event]) -> Iterator[EventRow]:
    """Yield the events of a queryset with their details, in one statement."""
    return map(EventRow._make, events.values_list(*COLUMNS))


def fill_salts(events: list[int]) -> None:
    """Give a salt to those details of these events that have none, because a statement of the database made them.

    They stay locked until the transaction ends, so that nobody erases a part of them meanwhile.
    """
    bare = list(EventDetail.objects.filter(event__in=events, salt__isnull=True).order_by("pk").only("pk"))
    if not bare:
        return
    new = EventDetail._meta.get_field("salt").get_default
    for detail in bare:
        detail.salt = new()
    EventDetail.objects.bulk_update(bare, ["salt"], batch_size=200)


def canonical(said: dict[str, Any]) -> str:
    """Return an object as JSON in one way only: ASCII, keys in order, no spaces."""
    return _encode(said)


_encode = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode


def utc(at: datetime) -> str:
    return moments.in_utc(at).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _text(key: Any) -> str | None:
    return None if key is None else str(key)
