"""The mails that the help desk sends: a code to be read back, and that a new password is needed."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from sessions_ui.channels.base import DeliveryFailed
from sessions_ui.channels.emails.base import Letter, link
from sessions_ui.models import Case, Delivery, Event
from sessions_ui.not_me_link import reset_token


def code_context(delivery: Delivery) -> dict[str, Any]:
    event = delivery.event
    assert event is not None
    case = Case.objects.filter(public_id=event.data.get("case")).first()
    if case is None or not case.code_salt or case.code_sent_at is None or case.code_expires_at is None:
        raise DeliveryFailed("the case needs no code any more", permanent=True)
    if timezone.now() > case.code_expires_at:
        raise DeliveryFailed("the code is too old", permanent=True)
    return {
        "code": case.code(),
        "case": case.public_id,
        "minutes": max(1, int((case.code_expires_at - case.code_sent_at).total_seconds() // 60)),
    }


def password_context(delivery: Delivery) -> dict[str, Any]:
    return {"reset_url": link("sessions_ui:choose_password", reset_token(delivery.pk))}


code = Letter(
    name="help_desk_code", kind=Event.Kind.HELP_DESK, optional=False, context=code_context, awaited=True
)
password_required = Letter(
    name="password_required", kind=Event.Kind.PASSWORD_REQUIRED, optional=False, context=password_context
)
