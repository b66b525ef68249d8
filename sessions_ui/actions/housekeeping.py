"""What nobody asks for: ending what no signal told us of, ending what ran out of time, removing what is old."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from sessions_ui import lookup
from sessions_ui.actions.end import end_sessions
from sessions_ui.conf import conf
from sessions_ui.models import Act, Delivery, EndReason, Event, EventDetail, Session

BATCH = 500  # rows an statement: on SQLite a batch holds the only write lock


def end_unlawful() -> int:
    """End the sessions that would be refused anyway, so that no list shows them as signed in; returns how many."""
    now = timezone.now()
    living = Session.objects.filter(user__isnull=False, ended_at__isnull=True)
    ended = _end(living.filter(expires_at__lte=now), EndReason.IDLE_TIMEOUT)
    if conf.absolute_timeout:
        late = living.filter(signed_in_at__lte=now - conf.absolute_timeout)
        ended += _end(late, EndReason.ABSOLUTE_TIMEOUT)
    if conf.idle_timeout:
        ended += _end(living.filter(last_seen_at__lte=now - conf.idle_timeout), EndReason.IDLE_TIMEOUT)
    if lookup.joins_user():
        users = get_user_model()._base_manager.filter(pk=OuterRef("user_id"))
        ended += _end(living.exclude(Exists(users)), EndReason.ACCOUNT_DELETED)
        if _has_active_column():
            ended += _end(living.filter(Exists(users.filter(is_active=False))), EndReason.ACCOUNT_DISABLED)
    return ended


def purge_old() -> int:
    """Delete ended sessions, events and deliveries past the retention time, and expired anonymous sessions.

    In batches of primary keys: constant memory, no lock longer than a batch. Returns how many rows went.
    """
    now = timezone.now()
    old = now - conf.retention
    removed = _delete(Session.objects.filter(user__isnull=True, expires_at__lte=now))
    removed += _delete(Session.objects.filter(ended_at__lte=old))
    removed += _delete(Delivery.objects.filter(Q(done_at__lte=old) | Q(parked_at__lte=old)))
    removed += _delete(EventDetail.objects.filter(event__at__lte=old))
    removed += _delete(models.QuerySet(Event).filter(at__lte=old))
    removed += _delete(Act.objects.filter(at__lte=old, sessions__isnull=True, deliveries__isnull=True))
    return removed


def _end(sessions: models.QuerySet[Session], reason: EndReason) -> int:
    total = 0
    while keys := list(sessions.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        total += end_sessions(sessions=Session.objects.filter(pk__in=keys), reason=reason).ended
    return total


def _delete(rows: models.QuerySet[Any]) -> int:
    total = 0
    model = rows.model
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        batch: Any = models.QuerySet(model).filter(pk__in=keys)
        total += batch._raw_delete(batch.db)
    return total


def _has_active_column() -> bool:
    try:
        get_user_model()._meta.get_field("is_active")
    except FieldDoesNotExist:
        return False
    return True
