"""End the sessions that a restored backup has revived: those that had ended since it was taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import router

from sessions_ui.actions.adoption.window import adopting_from
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.database import moments
from sessions_ui.exceptions import SessionsUIError
from sessions_ui.models import EndReason, Session

BATCH = 100  # users a transaction


class StillAdopting(SessionsUIError):
    """ADOPT_FROM is in effect: what is ended here could come back from the old table, which was restored, too."""


def end_restored(
    *,
    before: datetime,
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda ended: None,
) -> int:
    """End every session that was signed in before `before`, the moment of the restore; return how many.

    The reason is "incident", because nobody decided about any of these accounts, and everybody should know why they
    were signed out. It works in batches of users, so that nobody gets two mails about it. It can be interrupted and run
    again. Raises `ValueError` for a moment without a time zone, unless the project goes without `USE_TZ`, or out of
    range.
    """
    if adopting_from():
        raise StillAdopting
    before = moments.stated(before, "before")
    using = router.db_for_write(Session)
    revived = Session.objects.using(using).filter(
        user__isnull=False, ended_at__isnull=True, signed_in_at__lt=before
    )
    if dry_run:
        return revived.count()
    users = revived.order_by("user_id").values_list("user_id", flat=True).distinct()
    ended, rest = 0, users
    while batch := list(rest[:BATCH]):
        ended += end_sessions(
            sessions=revived.filter(user_id__in=batch), reason=EndReason.INCIDENT, note="Restore of a backup"
        ).ended
        progress(ended)
        rest = users.filter(user_id__gt=batch[-1])
    return ended
