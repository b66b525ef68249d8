"""The mail about staff that uses somebody's account."""

from __future__ import annotations

from typing import Any

from sessions_ui.channels.base import DeliveryFailed
from sessions_ui.channels.emails.base import Letter, link
from sessions_ui.client.text import one_line
from sessions_ui.models import Delivery, Event, Session


def context(delivery: Delivery) -> dict[str, Any]:
    """Return the reason and the times; never which member of the staff it is."""
    event = delivery.event
    assert event is not None and event.session_id is not None
    session = Session.objects.filter(pk=event.session_id).first()
    if session is None:
        raise DeliveryFailed("the session is gone", permanent=True)
    return {
        "at": event.at,
        "reason": one_line(session.impersonation_reason),
        "until": session.expires_at,
        "devices_url": link("sessions_ui:devices"),
    }


letter = Letter(name="impersonated", kind=Event.Kind.IMPERSONATED, optional=False, context=context)
