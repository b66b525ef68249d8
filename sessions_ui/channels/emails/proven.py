"""The mail about a young or unconfirmed device that showed another factor, and may sign out older ones."""

from __future__ import annotations

from typing import Any

from sessions_ui.channels.emails import alert
from sessions_ui.channels.emails.base import Letter
from sessions_ui.models import Delivery, Event


def context(delivery: Delivery) -> dict[str, Any]:
    assert delivery.event is not None
    return {
        **alert.context(delivery),
        "when": delivery.event.at,
        "method": delivery.event.data.get("method", ""),
    }


PROVEN = Letter(name="proven", kind=Event.Kind.PROVEN, optional=False, context=context)
