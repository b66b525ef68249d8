"""Decide when people are told too late.

The administration's overview marks it, and `manage.py sessions health` reports it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

# A run of the worker may take a minute, and a call to a slow receiver may be under way when that is over.
WORKER_LATE = timedelta(minutes=2)
OUTBOX_LATE = timedelta(minutes=5)


def is_worker_late(seen_at: datetime | None, limit: timedelta = WORKER_LATE) -> bool:
    """Return whether the worker is late. `seen_at` is its last heartbeat; None where there was none."""
    return seen_at is None or timezone.now() - seen_at > limit


def is_outbox_late(waiting: timedelta | None, limit: timedelta = OUTBOX_LATE) -> bool:
    """Return whether messages wait too long. `waiting` is the age of the oldest one that is due; None where none is."""
    return waiting is not None and waiting > limit
