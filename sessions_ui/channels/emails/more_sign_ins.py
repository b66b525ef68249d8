"""The mail that says how many more sign-ins looked wrong than were told one by one."""

from __future__ import annotations

from typing import Any

from sessions_ui.channels.base import DeliveryFailed
from sessions_ui.channels.emails.base import Letter, link
from sessions_ui.conf import conf
from sessions_ui.models import Delivery, Event

KINDS = (Event.Kind.FLAGGED, Event.Kind.CHALLENGED)


def context(delivery: Delivery) -> dict[str, Any]:
    """Count what was flagged since the event, and not told by itself. What comes after this mail begins another."""
    event_id: Any = delivery.event_id
    event = Event.objects.filter(pk=event_id).first()
    if event is None:
        raise DeliveryFailed("the event is gone", permanent=True)
    return {
        "count": how_many_since(event),
        "since": event.at,
        "devices_url": link("sessions_ui:devices"),
        "reset_url": link("account_reset_password") or link("password_reset"),
        "help_url": conf.help_url,
    }


def how_many_since(event: Event) -> int:
    user_id: Any = event.user_id
    since = Event.objects.filter(user_id=user_id, kind__in=KINDS, pk__gte=event.pk, data__told=False)
    return since.count()


LETTER = Letter(name="more_sign_ins", kind="more_sign_ins", optional=False, context=context)
