"""The mail about a sign-in that does not look like the owner's other sign-ins."""

from __future__ import annotations

from typing import Any

from sessions_ui.channels.base import DeliveryFailed
from sessions_ui.channels.emails.base import DeviceLine, Letter, link
from sessions_ui.client import Place
from sessions_ui.client.place import places_in
from sessions_ui.client.text import one_line
from sessions_ui.client.user_agent import parse
from sessions_ui.conf import conf
from sessions_ui.models import Delivery, Device, EndReason, EventDetail, Session
from sessions_ui.not_me_link import not_me_token
from sessions_ui.wording.names import version_text


def context(delivery: Delivery) -> dict[str, Any]:
    """Return what the mail says about the sign-in, as it was then: what the session does later must not change what is
    told of it."""
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
    """Return the device under its derived name: whoever is signed in there can rename it to "Your own laptop"."""
    return DeviceLine(
        title=one_line(session.device.derived_name) if session.device else "",
        about=one_line(version_text(session.device, session)),
        place=Place.from_dict(session.first_place),
        address=session.first_address or "",
    )


def waiting_context(delivery: Delivery) -> dict[str, Any]:
    """Return what the mail says about a sign-in that waits. Nobody is signed in yet, so there is no session: what the
    event's erasable part says is all there is."""
    event = delivery.event
    detail = EventDetail.objects.filter(event=delivery.event_id).first()
    if event is None or detail is None:
        raise DeliveryFailed("the event is gone", permanent=True)
    client = parse(detail.user_agent)
    return {
        "device": DeviceLine(
            title=Device(browser=client.browser, system=client.system).derived_name,
            about="",
            place=places_in(conf.geoip_path, conf.geoip_asn_path).of(detail.address),
            address=detail.address or "",
        ),
        "when": event.at,
        "reset_url": link("account_reset_password") or link("password_reset"),
    }


CHALLENGED = Letter(name="challenged", kind="alert", optional=False, context=waiting_context)
ALERT = Letter(name="alert", kind="alert", optional=False, context=context)
