"""The mail about devices that were signed out, and access tokens that ended."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from sessions_ui.channels.emails.base import TOKENS_LISTED, Letter, device_lines, link, token_names
from sessions_ui.models import AccountState, Act, Delivery, EndReason, Event, Session
from sessions_ui.models.primary import all_users
from sessions_ui.user_model import is_active
from sessions_ui.wording.tokens import ended_subject

LISTED = 10  # devices named in a mail; the rest is a number

# The reasons about which the person may not want a mail: it was done from a device of theirs, or by a rule that they
# were told of before, and nothing about the account changed.
OPTIONAL = frozenset({EndReason.SIGNED_OUT_REMOTELY, EndReason.SIGNED_OUT_EVERYWHERE, EndReason.UNUSED})
# Nobody signs in to the account any more.
GONE = frozenset(
    {
        EndReason.ACCOUNT_DISABLED,
        EndReason.ACCOUNT_DELETED,
        EndReason.OFFBOARDED,
        EndReason.SERVICE_ACCOUNT,
    }
)
# Somebody else was signed in there, or has it now: nobody is asked to sign in there again.
NOT_IN_HAND = frozenset({EndReason.NOT_ME, EndReason.SUSPICIOUS, EndReason.DEVICE_LOST, EndReason.RECOVERING})
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
    may_return = act.reason not in GONE and not is_off(delivery.user_id)
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
        "may_return": may_return,
        "return_text": return_text(act, delivery.user_id, may_return=may_return) if count else "",
        # Where nobody signs in nobody changes a password either.
        "by_staff": act.reason in BY_STAFF or not may_return,
        "by_choice": may_return and act.reason == EndReason.UNUSED,
        "devices_url": link("sessions_ui:devices") if may_return else "",
    }


def is_off(user_id: Any) -> bool:
    """Return whether the account is there and switched off, whatever these devices were signed out for."""
    account = all_users().filter(pk=user_id).first()
    return account is not None and not is_active(account)


def return_text(act: Act, user_id: Any, *, may_return: bool) -> str:
    """Return what has to be done to use the devices again, where the person may; empty where the account is gone for
    them."""
    if act.reason in GONE:
        return ""
    if act.reason in NOT_IN_HAND or not may_return:
        return _("What is on a screen there may stay until that device next contacts us.")
    if AccountState.objects.filter(pk=user_id, password_required_at__isnull=False).exists():
        return _(
            "To use your account there again, choose a new password first. What is on a screen may stay there until "
            "that device next contacts us."
        )
    return _("To use your account there again, sign in there. What is on a screen may stay there until then.")


def reason_text(act: Act, *, only_tokens: bool) -> str:
    """Return why, in words that are true of what has ended: an access token is on no device."""
    if only_tokens and act.reason == EndReason.SIGNED_OUT_REMOTELY:
        return _("ended on your devices page")
    if act.reason == EndReason.UNUSED:
        return _("unused for months, and you chose to sign out what you don’t use")
    return str(EndReason(act.reason).label)
