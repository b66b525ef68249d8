"""Tell the owner of a sign-in that was flagged, unless they were told of one like it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils import timezone
from django.utils.crypto import salted_hmac

from sessions_ui import outbox
from sessions_ui.actions.help_desk.find_user import address_of
from sessions_ui.actions.trusted_addresses import told_addresses
from sessions_ui.audit import events
from sessions_ui.client import ClientInfo
from sessions_ui.conf import conf
from sessions_ui.models import Event, Session
from sessions_ui.risk import Verdict

MOST = 5  # mails of one verdict to one user within the window, however different the sign-ins look
SUMMED_UP_AFTER = timedelta(hours=1)  # one mail says how many more there were


class Telling(StrEnum):
    """What becomes of a flagged sign-in. Its value stands in the event, `""` for one that needs no mail."""

    NOW = "now"
    LATER = "later"  # counted by the mail that sums up
    NOT = ""


def alert(
    *, kind: Event.Kind, user: Any, session: Session | None, client: ClientInfo, verdict: Verdict, tell: bool
) -> Event:
    """Append the event of this kind with the verdict's reasons, and mail it to the owner.

    It is not mailed where a sign-in like it was mailed within `ALERT_WINDOW`, or `tell` is false. What is over the
    limit is counted by one mail an hour later. Verdicts are counted apart: a worse one is always told at once. The
    user's row is locked, so that two sign-ins at once make one mail.
    """
    look = look_alike(user, client, verdict)
    telling = telling_of(user, look, verdict, timezone.now()) if tell else Telling.NOT
    receivers = told_addresses(user) if telling else []
    event = events.append(
        kind,
        user_id=user.pk,
        session=session,
        device_id=session.device_id if session else None,
        data={
            "level": str(verdict.level),
            "reasons": [str(reason) for reason in verdict.reasons],
            "look": look,
            "told": bool(receivers) and telling is Telling.NOW,
            **({"later": True} if telling is Telling.LATER else {}),
        },
        address=client.address,
        user_agent=client.user_agent,
    )
    if telling is Telling.LATER:
        outbox.sum_up_later(event, receivers, until=SUMMED_UP_AFTER)
    else:
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


def telling_of(user: Any, look: str, verdict: Verdict, now: datetime) -> Telling:
    """Return whether this sign-in is told now, summed up later, or was told by one like it.

    What its owner has reported ("This wasn't me") tells nothing of the next one, whose link has to work again.
    """
    kinds = [Event.Kind.FLAGGED, Event.Kind.CHALLENGED, Event.Kind.NOT_ME]
    recent = Event.objects.filter(user_id=user.pk, kind__in=kinds, at__gt=now - conf.alert_window)
    told: list[dict[str, Any]] = []
    looks: set[str] = set()
    for kind, data in recent.order_by("pk").values_list("kind", "data"):
        if kind == Event.Kind.NOT_ME:
            looks.clear()
        elif data.get("told") or data.get("later"):
            told.append(data)
            looks.add(data["look"])
    if look in looks:
        return Telling.NOT
    of_level = [data for data in told if data.get("told") and data.get("level") == str(verdict.level)]
    return Telling.NOW if len(of_level) < MOST else Telling.LATER


def own_address(user: Any) -> list[tuple[str, datetime | None]]:
    """Return the user model's e-mail address, by Django's own rule: the default of `ALERT_ADDRESSES`."""
    return [(address_of(user), None)]
