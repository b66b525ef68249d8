"""End what should not be signed in, a range of primary keys after the other.

The primary key is walked with a stored cursor, because no index mentions what the conditions ask for, which keeps the
hot path cheap.
"""

from __future__ import annotations

import time
from datetime import datetime
from functools import partial

from django.db import router
from django.db.models import Max
from django.utils import timezone

from sessions_ui.actions.endings.bridged.shut_out import end_of_shut_out
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.endings.owned import leavers
from sessions_ui.actions.endings.reconcile.suspects import offboarded, signed_out_by_provider, within
from sessions_ui.actions.endings.reconcile.unlawful import BATCH, end_if_unlawful
from sessions_ui.database.transactions import in_transaction
from sessions_ui.models import Containment, Cursor, Ending, Limits, Session

RANGE = 10_000  # primary keys looked at by one statement
SECONDS = 30  # a run that takes longer goes on where it stopped


def end_unlawful(*, seconds: float = SECONDS) -> int:
    """End what ran out of time, and what no signal told us of; return how many ended.

    The latter are, for example, the sessions of users disabled by `QuerySet.update()`. Works for up to `seconds`. A
    second worker at the same time does no harm.
    """
    name = "unlawful"
    deadline = time.monotonic() + seconds
    position = Cursor.read(name)
    last = Session.objects.using(router.db_for_write(Session)).aggregate(last=Max("pk"))["last"] or 0
    limits = _limits_to_reconcile()
    ended = _end_all({*offboarded(timezone.now()), *signed_out_by_provider()})
    ended += _end_owned_by_leavers(timezone.now())
    end_of_shut_out()
    while position < last:
        ended += _end_all(within(position, position + RANGE, timezone.now(), limits))
        position += RANGE
        if time.monotonic() > deadline:
            in_transaction(partial(Cursor.write, name, position))
            return ended
    in_transaction(partial(Cursor.write, name, 0))
    return ended


def _end_owned_by_leavers(now: datetime) -> int:
    """End what the service accounts of people hold whose access ended without anybody telling; return how many."""
    return sum(
        end_sessions(
            sessions=Session.objects.none(),
            reason=reason,
            of_user=owner,
            decided_before=True,
            whole_accounts=True,
        ).ended
        for reason, owners in leavers(now).items()
        for owner in owners
    )


def _limits_to_reconcile() -> Limits | None:
    """Return what incidents have ended; None while one is being swept, which is faster and goes about it by user."""
    limits = Containment.read().limits
    is_swept = Ending.objects.filter(done_at__isnull=True).exclude(rule="").exists()
    return None if is_swept or not any(limits) else limits


def _end_all(suspects: set[int]) -> int:
    keys = sorted(suspects)
    return sum(end_if_unlawful(keys[start : start + BATCH]) for start in range(0, len(keys), BATCH))
