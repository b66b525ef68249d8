"""The mail about a changed credential: a password, an address, a factor, recovery codes, a provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from sessions_ui.channels.base import DeliveryFailed
from sessions_ui.channels.emails.alert import sign_in_line
from sessions_ui.channels.emails.base import (
    TOKENS_LISTED,
    Letter,
    device_lines,
    link,
    short,
    token_names,
)
from sessions_ui.client.text import one_line
from sessions_ui.conf import conf
from sessions_ui.credentials import CredentialChange, CredentialKind
from sessions_ui.models import Delivery, Event, EventDetail, Session
from sessions_ui.not_me_link import not_me_token
from sessions_ui.wording.credentials import CHANGES, change_text, masked

LISTED = 10  # changes, and devices that ended, in one mail; the rest is a number


@dataclass(frozen=True, slots=True)
class Change:
    text: str
    label: str


def context(delivery: Delivery) -> dict[str, Any]:
    """Return what the mail says: what changed in this request, when, on which device, and what it signed out."""
    event_id: Any = delivery.event_id
    event = Event.objects.filter(pk=event_id).first()
    if event is None:
        raise DeliveryFailed("the event is gone", permanent=True)
    together = changed_together(event)
    changes = _changes(together)
    return {
        "changes": changes[:LISTED],
        "more": max(len(changes) - LISTED, 0),
        "subject": changes[0].text if len(changes) == 1 else _("The way you sign in was changed"),
        "when": event.at,
        **who_and_what_next(delivery, event),
        **signed_out_by(together),
    }


def who_and_what_next(delivery: Delivery, event: Event) -> dict[str, Any]:
    """Return which device changed it, and what to do about it: the link, where there is a sign-in to report."""
    session = told_session(event)
    return {
        "device": sign_in_line(session) if session is not None else None,
        "by_staff": event.actor_id is not None and event.actor_id != event.user_id,
        "not_me_url": link("sessions_ui:not_me", not_me_token(delivery.pk)) if session is not None else "",
        "devices_url": link("sessions_ui:devices"),
        "reset_url": link("account_reset_password") or link("password_reset"),
        "help_url": conf.help_url,
    }


def told_session(event: Event) -> Session | None:
    """Return the session of the account that made the change; None where staff did, or nobody who is known."""
    user_id: Any = event.user_id
    told = Session.objects.select_related("device").defer("payload")
    session_id = event.told_session_id
    return told.filter(pk=session_id, user_id=user_id).first() if session_id else None


def changed_together(event: Event) -> list[Event]:
    """Return the event, and those of the same request that came to its mail, the oldest first."""
    user_id: Any = event.user_id
    others = Event.objects.filter(
        user_id=user_id, kind=Event.Kind.CREDENTIAL_CHANGED, pk__gt=event.pk, data__with=event.pk
    )
    return [event, *others.order_by("pk")]


def _changes(events: Sequence[Event]) -> list[Change]:
    labels = dict(
        EventDetail.objects.filter(event__in=[event.pk for event in events]).values_list("event_id", "text")
    )
    found = [Change(change_text(event), label_of(event, labels.get(event.pk, ""))) for event in events]
    made_anew = _codes_made_anew(events)
    kept = [change for event, change in zip(events, found, strict=True) if event.pk not in made_anew]
    if made_anew:
        anew = CHANGES[CredentialKind.RECOVERY_CODES, CredentialChange.CHANGED]
        kept.append(Change(str(anew), ""))
    return kept


def _codes_made_anew(events: Sequence[Event]) -> set[int]:
    """Return the events of recovery codes that took the place of others: they are removed, then added."""
    codes = [event for event in events if event.data.get("credential") == CredentialKind.RECOVERY_CODES]
    done = {event.data.get("change") for event in codes}
    anew = {CredentialChange.ADDED, CredentialChange.REMOVED} <= done
    return {event.pk for event in codes} if anew else set()


def label_of(event: Event, text: str) -> str:
    """Return the name in one line. An address is masked, because whoever reads a former mailbox by now need not be the
    same person any more."""
    if event.data.get("credential") == CredentialKind.ADDRESS:
        return masked(one_line(text)) if one_line(text) else ""
    return short(text)


def signed_out_by(events: Sequence[Event]) -> dict[str, Any]:
    """Return the devices that were signed out because of these changes, whose own mail was left out, and the access
    tokens that ended."""
    acts = {event.act_id for event in events if event.act_id is not None}
    user_id: Any = events[0].user_id
    if not acts:
        return {"ended": [], "more_ended": 0, "tokens": [], "more_tokens": 0}
    both = Session.objects.by_owner().filter(act__in=acts, user_id=user_id)
    ended, tokens = both.sign_ins().select_related("device"), both.tokens()
    sessions = list(ended.order_by("-last_seen_at")[: LISTED + 1])
    return {
        "ended": device_lines(sessions[:LISTED]),
        "more_ended": ended.count() - LISTED if len(sessions) > LISTED else 0,
        "tokens": token_names(tokens),
        "more_tokens": max(tokens.count() - TOKENS_LISTED, 0),
    }


LETTER = Letter(
    name="credential_changed", kind=Event.Kind.CREDENTIAL_CHANGED, optional=False, context=context
)
