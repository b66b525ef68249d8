"""Telling the owner of a sign-in that was flagged: whom, and how often."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.crypto import salted_hmac

from sessions_ui import outbox
from sessions_ui.actions.help_desk.find_user import address_of
from sessions_ui.audit import events
from sessions_ui.client import ClientInfo
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.models import Event, Session
from sessions_ui.risk import Verdict

SETTLED = timedelta(days=30)  # an address verified for so long is its owner's
MOST = 5  # mails to one user within the window, however different the sign-ins look


def alert(
    *, kind: Event.Kind, user: Any, session: Session | None, client: ClientInfo, verdict: Verdict, tell: bool
) -> Event:
    """Append the event of this kind with the verdict's reasons, and mail it unless a sign-in like it was mailed within
    `ALERT_WINDOW`, or `tell` is false. The user's row is locked, so that two sign-ins at once make one mail."""
    look = look_alike(user, client, verdict)
    told = tell and is_worth_a_mail(user, look, timezone.now())
    receivers = chosen(conf.alert_addresses(user), timezone.now()) if told else []
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
    """What two sign-ins have in common that are told once; a digest, since an event holds nothing personal."""
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


def chosen(addresses: Iterable[tuple[str, datetime | None]], now: datetime) -> list[str]:
    """Every address verified 30 days ago or earlier (unknown counts as long ago), else the oldest there is. Addresses
    that differ in case only are one."""
    known = [(address, at and moments.stored(at)) for address, at in addresses if address]
    settled = [address for address, at in known if at is None or at <= now - SETTLED]
    if settled:
        first: dict[str, str] = {}
        for address in settled:
            first.setdefault(address.casefold(), address)
        return list(first.values())
    oldest = sorted((at, address) for address, at in known if at is not None)
    return [address for _at, address in oldest[:1]]


def own_address(user: Any) -> list[tuple[str, datetime | None]]:
    """The default of `ALERT_ADDRESSES`: the user model's e-mail address, by Django's own rule."""
    return [(address_of(user), None)]
