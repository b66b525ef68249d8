"""The mail that has everything that was held back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import ngettext

from sessions_ui.channels.emails.base import Letter, link
from sessions_ui.channels.emails.credential_changed import changed_together
from sessions_ui.channels.emails.more_sign_ins import how_many_since
from sessions_ui.models import Delivery, EndReason, Event, Session
from sessions_ui.wording.credentials import change_text
from sessions_ui.wording.tokens import ended_count

LISTED = 20  # lines of a mail; the rest is a number


@dataclass(frozen=True, slots=True)
class Line:
    """`ended` says how many sign-ins and access tokens were ended; empty where the line is about something else."""

    at: datetime
    what: str
    ended: str


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
        return Line(delivery.act.at, str(EndReason(delivery.act.reason).label), how_many_ended(delivery))
    assert delivery.event_id is not None
    event = Event.objects.filter(pk=delivery.event_id).first()
    return Line(delivery.created_at, what_happened(event) if event is not None else "", "")


def how_many_ended(delivery: Delivery) -> str:
    """Return how much of this person's the act has ended: one act may have ended that of many."""
    user_id: Any = delivery.user_id
    ended = Session.objects.by_owner().filter(act=delivery.act_id, user_id=user_id)
    return ended_count(ended.sign_ins().count(), ended.tokens().count())


def what_happened(event: Event) -> str:
    """Return what the event was, in the words of its own mail where these say more than its kind."""
    if event.kind == Event.Kind.CREDENTIAL_CHANGED:
        return ", ".join(change_text(each) for each in changed_together(event))
    if event.data.get("later"):
        count = how_many_since(event)
        text = ngettext(
            "%(count)d more sign-in that didn’t look like yours",
            "%(count)d more sign-ins that didn’t look like yours",
            count,
        )
        return text % {"count": count}
    return str(Event.Kind(event.kind).label)
