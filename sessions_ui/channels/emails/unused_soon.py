"""The mail that says beforehand what will be signed out because nobody uses it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F

from sessions_ui.channels.base import DeliveryFailed, NotWanted
from sessions_ui.channels.emails.base import Letter, device_lines, link
from sessions_ui.conf.endings import NEVER
from sessions_ui.database import moments
from sessions_ui.models import AccountState, Delivery, Event, Session

LISTED = 10  # devices named in a mail; the rest is a number


def context(delivery: Delivery) -> dict[str, Any]:
    """Return what the mail says: from when on which devices are signed out. What was used since the event, or has
    ended, is not among them."""
    event_id: Any = delivery.event_id
    event = Event.objects.filter(pk=event_id).first()
    if event is None:
        raise DeliveryFailed("the event is gone", permanent=True)
    user_id: Any = event.user_id
    if AccountState.objects.unused_months_of(user_id) == NEVER:
        raise NotWanted("nothing is signed out for it any more")
    living = Session.objects.living().sign_ins().filter(user_id=user_id)
    told = living.filter(pk__in=event.data["sessions"], last_seen_at__lt=F("unused_told_at"))
    sessions = list(told.select_related("device").defer("payload").order_by("-last_seen_at"))
    if not sessions:
        raise NotWanted("what it names was used or signed out since")
    listed = sessions[:LISTED]
    return {
        "count": len(sessions),
        "ends_at": moments.stored(datetime.fromisoformat(event.data["ends_at"])),
        "unused": [
            {"line": line, "used": session.last_seen_at}
            for line, session in zip(device_lines(listed), listed, strict=True)
        ],
        "more": len(sessions) - len(listed),
        "devices_url": link("sessions_ui:devices"),
    }


LETTER = Letter(name="unused_soon", kind=Event.Kind.UNUSED_SOON, optional=True, context=context)
