"""The mail about devices that were signed out."""

from __future__ import annotations

from typing import Any

from sessions_ui.channels.emails.base import Letter, device_lines, link
from sessions_ui.models import Act, Delivery, EndReason, Event, Session

LISTED = 10  # devices named in a mail; the rest is a number

# The reasons about which the person may not want a mail: it was done from a device of theirs, and nothing about the
# account changed.
OPTIONAL = frozenset({EndReason.SIGNED_OUT_REMOTELY, EndReason.SIGNED_OUT_EVERYWHERE})
GONE = frozenset({EndReason.ACCOUNT_DISABLED, EndReason.ACCOUNT_DELETED})
BY_STAFF = frozenset(
    {
        EndReason.HELP_DESK,
        EndReason.ADMINISTRATOR,
        EndReason.INCIDENT,
        EndReason.ACCESS_CHANGED,
        EndReason.ACCOUNT_DISABLED,
    }
)


def letter(act: Act) -> Letter:
    return Letter(name="ended", kind=act.reason, optional=act.reason in OPTIONAL, context=context)


def context(delivery: Delivery) -> dict[str, Any]:
    act = delivery.act
    assert act is not None and delivery.user_id is not None
    ended = Session.objects.by_owner().filter(act=act, user_id=delivery.user_id).select_related("device")
    count = ended.count()
    bridged = Event.objects.filter(act=act, user_id=delivery.user_id, kind=Event.Kind.CREDENTIALS_ENDED)
    return {
        "act": act,
        "reason": EndReason(act.reason).label,
        "count": count,
        "devices": device_lines(list(ended.order_by("-last_seen_at")[:LISTED])),
        "more": max(count - LISTED, 0),
        "bridged": sum(event.data["count"] for event in bridged),
        "may_return": act.reason not in GONE,
        "by_staff": act.reason in BY_STAFF,
        "devices_url": link("sessions_ui:devices") if act.reason not in GONE else "",
    }
