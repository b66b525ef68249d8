"""Tell the owner of a sign-in that was flagged, unless they were told of one like it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.crypto import salted_hmac

from sessions_ui import outbox
from sessions_ui.actions.help_desk.find_user import address_of
from sessions_ui.actions.trusted_addresses import trusted_addresses
from sessions_ui.audit import events
from sessions_ui.client import ClientInfo
from sessions_ui.conf import conf
from sessions_ui.models import Event, Session
from sessions_ui.risk import Verdict

MOST = 5  # mails to one user within the window, however different the sign-ins look


def alert(
    *, kind: Event.Kind, user: Any, session: Session | None, client: ClientInfo, verdict: Verdict, tell: bool
) -> Event:
    """Append the event of this kind with the verdict's reasons, and mail it to the owner.

    It is not mailed where a sign-in like it was mailed within `ALERT_WINDOW`, or `tell` is false. The user's row is
    locked, so that two sign-ins at once make one mail.
    """
    look = look_alike(user, client, verdict)
    told = tell and is_worth_a_mail(user, look, timezone.now())
    receivers = trusted_addresses(user) if told else []
    event = events.append(
        kind,
        user_id=user.pk,
        session=session,
        device_id=session.device_id if session else None,
        data={
            "level": str(verdict.level),
            "reasons": [str(reason) for reason in verdict.reasons],
            "look": look,
            "told": bool(receivers),
        },
        address=client.address,
        user_agent=client.user_agent,
    )
    outbox.enqueue_event(event, receivers)
    return event


def look_alike(user: Any, client: ClientInfo, verdict: Verdict) -> str:
    """Return a digest of what sign-ins that are told only once have in common.

    It is a digest because an event holds nothing personal.
    """
    country = client.place.country_code if client.place else ""
    parts = (user.pk, client.client.browser, client.client.system, country, verdict.level)
    return salted_hmac("sessions_ui.look_alike", "|".join(map(str, parts)), algorithm="sha256").hexdigest()[
        :16
    ]


def is_worth_a_mail(user: Any, look: str, now: datetime) -> bool:
    recent = Event.objects.filter(
        user_id=user.pk, kind__in=[Event.Kind.FLAGGED, Event.Kind.CHALLENGED], at__gt=now - conf.alert_window
    )
    told = [data["look"] for data in recent.values_list("data", flat=True) if data.get("told")]
    return look not in told and len(told) < MOST


def own_address(user: Any) -> list[tuple[str, datetime | None]]:
    """Return the user model's e-mail address, by Django's own rule: the default of `ALERT_ADDRESSES`."""
    return [(address_of(user), None)]
