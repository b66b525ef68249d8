"""The mail that has everything that was held back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sessions_ui.channels.emails.base import Letter, link
from sessions_ui.models import Delivery, EndReason, Event

LISTED = 20  # lines of a mail; the rest is a number


@dataclass(frozen=True, slots=True)
class Line:
    """`count` is how many sign-ins were ended, None where the line is about something else."""

    at: datetime
    what: str
    count: int | None


def digest(deliveries: list[Delivery], *, optional: bool) -> Letter:
    """Return one letter about all of these deliveries, which are to one person."""

    def context(_delivery: Delivery) -> dict[str, Any]:
        lines = sorted((line(delivery) for delivery in deliveries), key=lambda line: line.at)
        return {
            "count": len(lines),
            "lines": lines[:LISTED],
            "more": max(len(lines) - LISTED, 0),
            "devices_url": link("sessions_ui:devices"),
        }

    return Letter(name="several", kind="several", optional=optional, context=context)


def line(delivery: Delivery) -> Line:
    if delivery.act is not None:
        return Line(delivery.act.at, str(EndReason(delivery.act.reason).label), delivery.act.count)
    assert delivery.event_id is not None
    kind = Event.objects.filter(pk=delivery.event_id).values_list("kind", flat=True).first()
    return Line(delivery.created_at, str(Event.Kind(kind).label) if kind else "", None)
