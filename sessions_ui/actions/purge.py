"""Removing what is old: ended sessions, events and deliveries past the retention time, expired anonymous sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from sessions_ui.conf import conf
from sessions_ui.models import (
    Act,
    Adoption,
    Case,
    CaseReceipt,
    Delivery,
    Ending,
    EndingBatch,
    Event,
    EventDetail,
    Offboarding,
    Proof,
    ProviderSignOut,
    Session,
)

BATCH = 1000  # rows a statement
# Longer than any logout token is accepted (`LOGOUT_TOKEN_AGE`, at most a day), lest one be accepted twice.
SIGN_OUTS_KEPT = timedelta(days=2)


def purge_old() -> int:
    """In batches of primary keys: constant memory, no lock longer than a batch. Returns how many rows went."""
    now = timezone.now()
    old = now - conf.retention
    removed = _delete(Session.objects.filter(user__isnull=True, expires_at__lte=now))
    removed += _delete(Session.objects.filter(ended_at__lte=old))
    removed += _delete(Delivery.objects.filter(Q(done_at__lte=old) | Q(parked_at__lte=old)))
    removed += _delete(EventDetail.objects.filter(event__at__lte=old))
    removed += _delete(models.QuerySet(Event).filter(at__lte=old))
    removed += _delete(Act.objects.filter(at__lte=old, sessions__isnull=True, deliveries__isnull=True))
    removed += _delete(Proof.objects.filter(expires_at__lte=now - timedelta(days=1)))
    removed += _delete(CaseReceipt.objects.filter(at__lte=old))
    removed += _delete(Case.objects.filter(opened_at__lte=old, receipts__isnull=True))
    removed += _delete(Adoption.objects.filter(expires_at__lte=now))
    removed += _delete(ProviderSignOut.objects.filter(at__lte=now - SIGN_OUTS_KEPT))
    removed += _delete(EndingBatch.objects.filter(ending__done_at__lte=old))
    removed += _delete(Ending.objects.filter(done_at__lte=old, batches__isnull=True))
    removed += _delete(Offboarding.objects.filter(cancelled_at__lte=old))
    return removed


def _delete(rows: models.QuerySet[Any]) -> int:
    """Walks the primary key once, so that a batch does not look again at all that went before it."""
    total, after = 0, None
    while True:
        rest = rows if after is None else rows.filter(pk__gt=after)
        keys = list(rest.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not keys:
            return total
        batch: Any = models.QuerySet(rows.model).filter(pk__in=keys)
        total += batch._raw_delete(batch.db)
        after = keys[-1]
