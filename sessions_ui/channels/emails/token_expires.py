"""The mail that says beforehand that an access token ends soon."""

from __future__ import annotations

from typing import Any

from sessions_ui.channels.base import DeliveryFailed, NotWanted
from sessions_ui.channels.emails.base import Letter, link, short
from sessions_ui.models import AccessToken, Delivery, Event


def context(delivery: Delivery) -> dict[str, Any]:
    """Return what the mail says: which token, until when it is valid, and when it was used last."""
    event_id: Any = delivery.event_id
    event = Event.objects.filter(pk=event_id).first()
    token_id: Any = event.session_id if event is not None else None
    tokens = AccessToken.objects.with_containment().select_related("session").defer("session__payload")
    token = tokens.filter(pk=token_id).first()
    if token is None:
        raise DeliveryFailed("the access token is gone", permanent=True)
    if not token.is_living:
        raise NotWanted("the access token has ended")
    return {
        "name": short(token.name),
        "ends_at": token.session.expires_at,
        "used": token.last_used_at,
        "token_url": link("sessions_ui:token", token.session.public_id),
        "devices_url": link("sessions_ui:devices"),
    }


LETTER = Letter(name="token_expires", kind=Event.Kind.TOKEN_EXPIRES, optional=True, context=context)
