"""Refuse a session: end what should have ended before, and record the first refusal."""

from __future__ import annotations

from functools import partial

from django.db import connections, router
from django.db.models import Q
from django.utils import timezone

from sessions_ui.actions.endings.reconcile.unlawful import end_if_unlawful
from sessions_ui.database.transactions import noted
from sessions_ui.exceptions import TryAgain
from sessions_ui.models import EndReason, Session
from sessions_ui.models.containment import contained


def refuse(row: Session, reason: EndReason, *, is_final: bool) -> bool:
    """Record the first refusal after an end: the proof that it works, and the only write it ever costs.

    What should have ended before (time, a disabled account) ends now, if that is still so. What an incident has ended
    is left to its sweep: everybody's next request comes at the same time. Returns whether the row is refused; otherwise
    it is worth another look, unless this was the last one (`is_final`).
    """
    rows = Session.objects.using(router.db_for_write(Session))
    over = Q(ended_at__isnull=False)
    if reason is EndReason.INCIDENT:
        over |= contained()
    elif row.ended_at is None:
        try:
            is_over = end_if_unlawful([row.pk]) > 0
        except TryAgain:
            if connections[rows.db].needs_rollback:
                raise  # the transaction of the host is lost with it (MariaDB): nobody can ask anything in there
            is_over = True  # refused all the same; the sweep will end it
        if not is_over and not is_final:
            return False
    if row.refused_at is None:
        ended_rows = rows.filter(over, pk=row.pk, refused_at__isnull=True)
        noted(partial(ended_rows.update, refused_at=timezone.now()), using=ended_rows.db)
    return True
