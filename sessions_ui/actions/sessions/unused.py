"""Which sign-ins end because nobody uses them: the choice of their owner, in place of an idle timeout of the site.

No request asks for it, because whoever makes one uses the sign-in. What is due ends by a sweep (`endings/unused.py`),
and only if its owner was told before.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db import router
from django.db.models import Exists, F, OuterRef, Q

from sessions_ui.actions.sessions.rules.kinds import held_to
from sessions_ui.actions.sessions.rules.timeouts import in_time
from sessions_ui.conf import conf
from sessions_ui.conf.base import for_user
from sessions_ui.conf.endings import NEVER, UNUSED_MONTHS, length_of
from sessions_ui.models import AccountState, Session
from sessions_ui.models.session import SessionQuerySet

MONTHS = tuple(months for months in UNUSED_MONTHS if months != NEVER)


def offered(user: Any) -> list[int]:
    """Return the months that the page offers: those for which a sign-in of this user can go unused at all. What the
    site's own limits end sooner needs no choice."""
    limits = [
        timedelta(seconds=settings.SESSION_COOKIE_AGE),
        for_user(conf.idle_timeout, user),
        for_user(conf.absolute_timeout, user),
    ]
    longest = min(limit for limit in limits if limit)
    return [months for months in MONTHS if length_of(months) < longest]


def to_tell(now: datetime) -> SessionQuerySet:
    """Return the sign-ins whose owner is to be told now that they will end: `SIGN_OUT_UNUSED_WARNING` before that, and
    once, as long as nobody uses them. What runs out sooner by itself is not told of."""
    warning = conf.sign_out_unused_warning
    return _sign_ins(now).filter(
        reduce(or_, (_unused(months, now + warning) & ~_told(months) for months in MONTHS)),
        expires_at__gt=now + warning,
    )


def due(now: datetime) -> SessionQuerySet:
    """Return the sign-ins that end now: unused for as long as their owner has chosen, who was told of it
    `SIGN_OUT_UNUSED_WARNING` ago or earlier."""
    long_ago = Q(unused_told_at__lte=now - conf.sign_out_unused_warning)
    return _sign_ins(now).filter(
        long_ago, reduce(or_, (_unused(months, now) & _told(months) for months in MONTHS))
    )


def _sign_ins(now: datetime) -> SessionQuerySet:
    """Return what may end because of it. Access tokens have an end of their own, what staff does in an account ends
    with the staff's session, and what a time limit of the site has ended has its reason."""
    rows: SessionQuerySet = Session.objects.using(router.db_for_write(Session))
    return rows.by_owner().filter(
        held_to("times_out"), in_time(None, now), user__isnull=False, ended_at__isnull=True
    )


def _unused(months: int, now: datetime) -> Q:
    """Return the condition for what was not used for so many months, and ends for that by its owner's choice."""
    return Q(last_seen_at__lte=now - length_of(months)) & _chosen(months)


def _chosen(months: int) -> Q:
    states = AccountState.objects.filter(pk=OuterRef("user_id"))
    chosen = Q(Exists(states.filter(unused_months=months)))
    if conf.sign_out_unused_months == months:
        chosen |= ~Q(Exists(states.filter(unused_months__isnull=False)))
    return chosen


def _told(months: int) -> Q:
    """Return the condition for those whose owner was told since they are unused for so long. Whoever has used one
    since, or has chosen more months, is told again."""
    since = F("last_seen_at") + (length_of(months) - conf.sign_out_unused_warning)
    return Q(unused_told_at__gte=since)
