"""The mail about another e-mail address of the account: to the one before, and to all that are the owner's for long."""

from __future__ import annotations

from typing import Any

from sessions_ui.channels.emails.base import Letter
from sessions_ui.channels.emails.credential_changed import signed_out_by, who_and_what_next
from sessions_ui.models import Delivery, Event, EventDetail


def context(delivery: Delivery) -> dict[str, Any]:
    """Return what the mail says, without the new address: whoever reads the old mailbox by now need not be the same
    person any more."""
    assert delivery.event_id is not None
    event = Event.objects.get(pk=delivery.event_id)
    return {
        "event": event,
        "is_left": delivery.told_only and delivery.receiver == old_address(event),
        **who_and_what_next(delivery, event),
        **signed_out_by([event]),
    }


def old_address(event: Event) -> str:
    return EventDetail.objects.filter(event=event.pk).values_list("text", flat=True).first() or ""


LETTER = Letter(name="email_changed", kind=Event.Kind.EMAIL_CHANGED, optional=False, context=context)
