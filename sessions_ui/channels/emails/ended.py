"""The mail about devices that were signed out, and access tokens that ended."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from sessions_ui.channels.emails.base import TOKENS_LISTED, Letter, device_lines, link, token_names
from sessions_ui.models import Act, Delivery, EndReason, Event, Session
from sessions_ui.wording.tokens import ended_subject

LISTED = 10  # devices named in a mail; the rest is a number

# The reasons about which the person may not want a mail: it was done from a device of theirs, and nothing about the
# account changed.
OPTIONAL = frozenset({EndReason.SIGNED_OUT_REMOTELY, EndReason.SIGNED_OUT_EVERYWHERE})
GONE = frozenset({EndReason.ACCOUNT_DISABLED, EndReason.ACCOUNT_DELETED})
BY_STAFF = frozenset(
    {
        EndReason.HELP_DESK,
        EndReason.ADMINISTRATOR,
        EndReason.INCIDENT,
        EndReason.ACCESS_CHANGED,
        EndReason.ACCOUNT_DISABLED,
    }
)


def letter(act: Act) -> Letter:
    return Letter(name="ended", kind=act.reason, optional=act.reason in OPTIONAL, context=context)


def context(delivery: Delivery) -> dict[str, Any]:
    act = delivery.act
    assert act is not None and delivery.user_id is not None
    both = Session.objects.by_owner().filter(act=act, user_id=delivery.user_id)
    ended, tokens = both.sign_ins().select_related("device"), both.tokens()
    count, token_count = ended.count(), tokens.count()
    bridged = Event.objects.filter(act=act, user_id=delivery.user_id, kind=Event.Kind.CREDENTIALS_ENDED)
    return {
        "act": act,
        "reason": reason_text(act, only_tokens=not count),
        "count": count,
        "token_count": token_count,
        "tokens": token_names(tokens) if token_count else [],
        "more_tokens": max(token_count - TOKENS_LISTED, 0),
        "what": ended_subject(count, token_count),
        "devices": device_lines(list(ended.order_by("-last_seen_at")[:LISTED])),
        "more": max(count - LISTED, 0),
        "bridged": sum(event.data["count"] for event in bridged),
        "may_return": act.reason not in GONE,
        "by_staff": act.reason in BY_STAFF,
        "devices_url": link("sessions_ui:devices") if act.reason not in GONE else "",
    }


def reason_text(act: Act, *, only_tokens: bool) -> str:
    """Return why, in words that are true of what has ended: an access token is on no device."""
    if only_tokens and act.reason == EndReason.SIGNED_OUT_REMOTELY:
        return _("ended on the page of your devices")
    return str(EndReason(act.reason).label)
