"""The mail to the old address when the account gets another e-mail address."""

from __future__ import annotations

from typing import Any

from sessions_ui.channels.emails.base import Letter
from sessions_ui.models import Delivery, Event


def context(delivery: Delivery) -> dict[str, Any]:
    """Return what the mail says, without the new address: whoever reads the old mailbox by now need not be the same
    person any more."""
    assert delivery.event_id is not None
    event = Event.objects.get(pk=delivery.event_id)
    return {"event": event, "by_staff": event.actor_id is not None and event.actor_id != event.user_id}


LETTER = Letter(name="email_changed", kind=Event.Kind.EMAIL_CHANGED, optional=False, context=context)
