"""The mails about a recovery: the link to its steps, and that it is over."""

from __future__ import annotations

from typing import Any

from sessions_ui.channels.base import DeliveryFailed
from sessions_ui.channels.emails.base import Letter, link
from sessions_ui.models import AccountState, Delivery, Event, Recovery
from sessions_ui.not_me_link import recovery_token


def case_of(delivery: Delivery) -> Recovery:
    assert delivery.event is not None
    user_id: Any = delivery.user_id
    case = Recovery.objects.filter(public_id=delivery.event.data.get("recovery"), user_id=user_id).first()
    if case is None:
        raise DeliveryFailed("the recovery is gone", permanent=True)
    return case


def link_context(delivery: Delivery) -> dict[str, Any]:
    case = case_of(delivery)
    if not case.is_open:
        raise DeliveryFailed("the recovery is over", permanent=True)
    return {"case": case, "recovery_url": link("sessions_ui:recovery_link", recovery_token(delivery.pk))}


def closed_context(delivery: Delivery) -> dict[str, Any]:
    case = case_of(delivery)
    required = AccountState.objects.filter(pk=case.user_id, password_required_at__isnull=False)
    return {
        "why": case.closed_why,
        "password_is_void": required.exists(),
        "devices_url": link("sessions_ui:devices"),
    }


LINK = Letter(
    name="recovery", kind=Event.Kind.RECOVERY_LINK, optional=False, context=link_context, awaited=True
)
CLOSED = Letter(
    name="recovery_closed", kind=Event.Kind.RECOVERY_CLOSED, optional=False, context=closed_context
)
