"""Ending the sessions that would be refused anyway, so that no list shows them as signed in.

They are refused without this (`admit.py`); a sweep only makes the rows say so. The primary key is walked in ranges
with a stored cursor: no index mentions what the conditions ask for, so that the hot path stays cheap.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth import get_user_model
from django.db.models import Case, CharField, Exists, Max, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from sessions_ui import lookup
from sessions_ui.actions.admit import out_of_time
from sessions_ui.actions.end import end_sessions
from sessions_ui.conf import conf
from sessions_ui.models import Cursor, EndReason, Offboarding, Session
from sessions_ui.models.session import ACCOUNT_WAS_OFF

RANGE = 10_000  # primary keys looked at by one statement
BATCH = 200  # sessions ended by one transaction: SQLite has one writer, and it must not wait long
SECONDS = 30  # a run that takes longer goes on where it stopped


def end_unlawful(*, seconds: float = SECONDS) -> int:
    """End what ran out of time, and what no signal told us of, such as the sessions of users disabled by
    `QuerySet.update()`. Returns how many; a second worker at the same time does no harm."""
    name = "unlawful"
    deadline = time.monotonic() + seconds
    position = Cursor.read(name)
    last = Session.objects.aggregate(last=Max("pk"))["last"] or 0
    ended = 0
    while position < last:
        ended += _end_within(position, position + RANGE, timezone.now())
        position += RANGE
        if time.monotonic() > deadline:
            Cursor.write(name, position)
            return ended
    Cursor.write(name, 0)
    return ended


def _end_within(after: int, up_to: int, now: datetime) -> int:
    living = Session.objects.filter(pk__gt=after, pk__lte=up_to, user__isnull=False, ended_at__isnull=True)
    found: dict[EndReason, list[int]] = defaultdict(list)
    reason = Case(*conditions(now), default=Value(""), output_field=CharField())
    for pk, text in living.annotate(unlawful=reason).exclude(unlawful="").values_list("pk", "unlawful"):
        found[EndReason(text)].append(pk)
    known = {pk for keys in found.values() for pk in keys}
    if lookup.joins_user():
        for pk in _under_another_password(living):
            if pk not in known:
                found[EndReason.PASSWORD_CHANGED].append(pk)
                known.add(pk)
    if lookup.joins_user() and has_timeouts_by_user():
        for pk, late in late_for_their_user(living, now):
            if pk not in known:
                found[late].append(pk)
    return sum(_end(keys, why) for why, keys in found.items())


def conditions(now: datetime) -> Iterable[When]:
    """The same as `admit()`, as far as SQL can tell."""
    absolute, idle = conf.absolute_timeout, conf.idle_timeout
    if absolute and not callable(absolute):
        yield When(signed_in_at__lte=now - absolute, then=Value(str(EndReason.ABSOLUTE_TIMEOUT)))
    due = Offboarding.objects.filter(user_id=OuterRef("user_id"), cancelled_at__isnull=True, ends_at__lte=now)
    yield When(
        Q(expires_at__lte=now, latest_end_at__lte=now) | Exists(due), then=Value(str(EndReason.OFFBOARDED))
    )
    yield When(expires_at__lte=now, then=Value(str(EndReason.IDLE_TIMEOUT)))
    if idle and not callable(idle):
        yield When(last_seen_at__lte=now - idle, then=Value(str(EndReason.IDLE_TIMEOUT)))
    yield When(auth_hash=ACCOUNT_WAS_OFF, then=Value(str(EndReason.ACCOUNT_DISABLED)))
    if lookup.joins_user():
        users = get_user_model()._base_manager.filter(pk=OuterRef("user_id"))
        yield When(~Q(Exists(users)), then=Value(str(EndReason.ACCOUNT_DELETED)))
        columns = {field.name for field in get_user_model()._meta.concrete_fields}
        if "is_active" in columns:
            yield When(Exists(users.filter(is_active=False)), then=Value(str(EndReason.ACCOUNT_DISABLED)))
        for flag in columns.intersection(conf.access_flags):
            lost = Q(rights__contains=f",{flag},") & Exists(users.filter(**{flag: False}))
            yield When(lost, then=Value(str(EndReason.ACCESS_CHANGED)))


def _under_another_password(living: QuerySet[Session]) -> Iterable[int]:
    """`QuerySet.update(password=…)` and raw SQL: a hash that no database can compute, once for each user."""
    users = get_user_model()
    if not hasattr(users, "get_session_auth_hash"):
        return
    rows = list(living.exclude(auth_hash="").values_list("pk", "user_id", "auth_hash"))
    people = users._base_manager.using(living.db).in_bulk({user_id for _pk, user_id, _hash in rows})
    current = {user_id: user.get_session_auth_hash() for user_id, user in people.items()}
    for pk, user_id, auth_hash in rows:
        if user_id not in people or auth_hash == current[user_id]:
            continue
        if auth_hash not in people[user_id].get_session_auth_fallback_hash():  # of an older SECRET_KEY
            yield pk


def has_timeouts_by_user() -> bool:
    return callable(conf.idle_timeout) or callable(conf.absolute_timeout)


def late_for_their_user(living: QuerySet[Session], now: datetime) -> Iterable[tuple[int, EndReason]]:
    """Where a timeout is a callable, only Python can say."""
    for session in living.select_related("user").defer("payload"):
        if reason := out_of_time(session, session.user, now):
            yield session.pk, reason


def _end(keys: list[int], reason: EndReason) -> int:
    batches = (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))
    return sum(
        end_sessions(sessions=Session.objects.filter(pk__in=batch), reason=reason).ended for batch in batches
    )
