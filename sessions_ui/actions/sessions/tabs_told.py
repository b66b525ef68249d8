"""Record that open tabs heard that their session is over: a part of the proof that the owner sees."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import router
from django.db.models import Q

from sessions_ui.models import Session
from sessions_ui.models.containment import contained


def note_tabs_told(*, session_ids: Collection[int], at: datetime) -> int:
    """Record the moment once for those of these sessions that have ended; one statement. Return how many were new.

    What is merely out of time is not ended yet, and what lives again (an account that was disabled for a moment) must
    not carry the proof of an end that has not come. What an incident has ended has ended, whenever its row says so.
    """
    return (
        Session.objects.using(router.db_for_write(Session))
        .filter(Q(ended_at__isnull=False) | contained(), pk__in=session_ids, tabs_told_at__isnull=True)
        .update(tabs_told_at=at)
    )
