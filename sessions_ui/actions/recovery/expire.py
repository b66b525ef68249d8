"""End the recoveries whose time is over."""

from __future__ import annotations

import logging
from typing import Any

from django.utils import timezone

from sessions_ui.actions.account_lock import lock_users
from sessions_ui.actions.recovery.added import added_since
from sessions_ui.actions.recovery.close import close
from sessions_ui.actions.recovery.steps import take_away
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Recovery
from sessions_ui.models.locking import locked
from sessions_ui.models.primary import all_users

logger = logging.getLogger(__name__)

AT_ONCE = 200  # cases a run of the sweep; the rest waits for the next


def expire_recoveries() -> int:
    """Close each open case whose time is over; return how many.

    The report stands: what was added since is removed, as it is ticked. Otherwise whoever added it would only have to
    wait. One that fails is logged, and keeps neither the others nor the next run from it.
    """
    due = Recovery.objects.open().filter(expires_at__lte=timezone.now()).order_by("expires_at")
    done = 0
    for pk in list(due.values_list("pk", flat=True)[:AT_ONCE]):
        try:
            done += _expire(pk)
        except Exception:
            logger.exception(
                "A recovery whose time is over could not be closed; the next sweep tries it again"
            )
    return done


@atomically
def _expire(pk: int) -> bool:
    user_id: Any = Recovery.objects.filter(pk=pk).values_list("user_id", flat=True).first()
    lock_users([user_id])
    case = locked(Recovery.objects.open().filter(pk=pk)).first()
    if case is None:
        return False  # closed meanwhile
    user = all_users().filter(pk=user_id).first()
    if user is not None:
        take_away(case, user, [one for one in added_since(case, user) if one.ticked])
    close(case, Recovery.ClosedWhy.EXPIRED)
    return True
