"""Decide when a session has run out of time.

A request is refused by this rule (`validate.py`) and its session ended (`sessions/refuse.py`); sessions by which nobody
asks any more are found by the sweep (`endings/reconcile/`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from sessions_ui.actions.sessions.rules.kinds import held_to, rules_for
from sessions_ui.conf import conf
from sessions_ui.conf.base import for_user
from sessions_ui.models import EndReason, Session


def out_of_time(session: Session, user: Any, now: datetime) -> EndReason | None:
    """Return the reason why the session is out of time, otherwise None.

    Ages count from the sign-in, never from the row's creation, because anybody can age an anonymous row.
    """
    if not rules_for(session.kind).times_out:
        return _past_its_end(session, now, EndReason.EXPIRED)
    absolute, idle = for_user(conf.absolute_timeout, user), for_user(conf.idle_timeout, user)
    if absolute and session.signed_in_at and session.signed_in_at + absolute <= now:
        return EndReason.ABSOLUTE_TIMEOUT
    if reason := _past_its_end(session, now, EndReason.IDLE_TIMEOUT):
        return reason
    return EndReason.IDLE_TIMEOUT if idle and session.last_seen_at + idle <= now else None


def in_time(user: Any, now: datetime) -> Q:
    """Return the same as a condition: those sessions of the user that are not out of time."""
    absolute, idle = for_user(conf.absolute_timeout, user), for_user(conf.idle_timeout, user)
    late = Q()
    if absolute:
        late |= Q(signed_in_at__lte=now - absolute)
    if idle:
        late |= Q(last_seen_at__lte=now - idle)
    within = Q(expires_at__gt=now)
    return within & ~(held_to("times_out") & late) if late else within


def _past_its_end(session: Session, now: datetime, reason: EndReason) -> EndReason | None:
    if session.expires_at > now:
        return None
    latest = session.latest_end_at
    return EndReason.OFFBOARDED if latest is not None and latest <= now else reason
