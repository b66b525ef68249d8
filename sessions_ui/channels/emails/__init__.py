"""What mails say: one module for each thing to tell. An event of some kind becomes a mail by an entry in `BY_EVENT`."""

from __future__ import annotations

from sessions_ui.channels.base import DeliveryFailed
from sessions_ui.channels.emails import (
    credential_changed,
    email_changed,
    ended,
    help_desk,
    impersonation,
    more_sign_ins,
    recovery,
    token_expires,
    unused_soon,
)
from sessions_ui.channels.emails.alert import ALERT, CHALLENGED
from sessions_ui.channels.emails.base import Letter
from sessions_ui.channels.emails.code import CODE
from sessions_ui.channels.emails.digest import digest
from sessions_ui.channels.emails.proven import PROVEN
from sessions_ui.models import Delivery, Event

BY_EVENT: dict[str, Letter] = {
    Event.Kind.EMAIL_CHANGED: email_changed.LETTER,
    Event.Kind.CREDENTIAL_CHANGED: credential_changed.LETTER,
    Event.Kind.TOKEN_EXPIRES: token_expires.LETTER,
    Event.Kind.UNUSED_SOON: unused_soon.LETTER,
    Event.Kind.FLAGGED: ALERT,
    Event.Kind.CHALLENGED: CHALLENGED,
    Event.Kind.PROVEN: PROVEN,
    Event.Kind.CODE_SENT: CODE,
    Event.Kind.HELP_DESK: help_desk.code,
    Event.Kind.PASSWORD_REQUIRED: help_desk.password_required,
    Event.Kind.RECOVERY_LINK: recovery.LINK,
    Event.Kind.RECOVERY_CLOSED: recovery.CLOSED,
    Event.Kind.IMPERSONATED: impersonation.letter,
}


def letter_about(delivery: Delivery) -> Letter:
    """Return the letter for what the delivery is about: an event of some kind, or an act."""
    if delivery.event_id is not None:
        found = Event.objects.filter(pk=delivery.event_id).values_list("kind", "data").first()
        if found is None:
            raise DeliveryFailed("the event is gone", permanent=True)
        kind, data = found
        if kind in more_sign_ins.KINDS and data.get("later"):
            return more_sign_ins.LETTER
        if kind not in BY_EVENT:
            raise DeliveryFailed(f"no mail is written about {kind}", permanent=True)
        return BY_EVENT[kind]
    if delivery.act is None:
        raise DeliveryFailed("the act is gone", permanent=True)
    return ended.letter(delivery.act)


__all__ = ["BY_EVENT", "Letter", "digest", "letter_about"]
