"""Somebody signed in, and it does not look like the owner's other sign-ins."""

from __future__ import annotations

from typing import Any

from sessions_ui.channels.base import DeliveryFailed
from sessions_ui.channels.letters.base import DeviceLine, Letter, link, one_line
from sessions_ui.client import Place
from sessions_ui.links import not_me_token
from sessions_ui.models import Delivery, EndReason, Session


def context(delivery: Delivery) -> dict[str, Any]:
    """As it was at the sign-in: what the session does later must not change what is told of it."""
    assert delivery.user_id is not None
    session = (
        Session.objects.select_related("device")
        .defer("payload")
        .filter(events=delivery.event_id, user_id=delivery.user_id)
        .first()
    )
    if session is None:
        raise DeliveryFailed("the session is gone", permanent=True)
    return {
        "session": session,
        "device": sign_in_line(session),
        "when": session.signed_in_at or session.created_at,
        "ended": session.end_reason == EndReason.SUSPICIOUS,
        "not_me_url": link("sessions_ui:not_me", not_me_token(delivery.pk)),
        "devices_url": link("sessions_ui:devices"),
    }


def sign_in_line(session: Session) -> DeviceLine:
    """The device under its derived name: whoever is signed in there can rename it to "Your own laptop"."""
    return DeviceLine(
        title=one_line(session.device.derived_name) if session.device else "",
        about="",
        place=Place.from_dict(session.first_place),
        address=session.first_address or "",
    )


ALERT = Letter(name="alert", kind="alert", optional=False, context=context)
