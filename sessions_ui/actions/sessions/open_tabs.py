"""Find out which of many sessions would still be let in.

Open tabs ask for it again and again, so it is done in bulk.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import router
from django.db.models import BooleanField, Case, When
from django.utils import timezone

from sessions_ui import session_lookup
from sessions_ui.actions.endings.reconcile.suspects import (
    has_timeouts_by_user,
    late_for_their_user,
    of_another_account,
    suspicious,
)
from sessions_ui.models import Session


def still_alive(session_ids: Collection[int], *, thoroughly: bool = False) -> set[int]:
    """Return those of these sessions that a request would still find alive, as far as SQL can tell; one statement.

    It asks for living ones, not for ended ones, because a row that is gone is no session either. `thoroughly` also asks
    Python for what only the users can say, which loads the rows: timeouts that are callables, and all that is wrong
    with an account which cannot be joined, such as one in another database.
    """
    now = timezone.now()
    living = Session.objects.using(router.db_for_write(Session)).filter(
        pk__in=session_ids, user__isnull=False, ended_at__isnull=True
    )
    # A CASE and not an `exclude()`: what is neither true nor false in SQL is no suspicion.
    unlawful = Case(When(suspicious(now), then=True), default=False, output_field=BooleanField())
    alive = set(
        living.annotate(unlawful=unlawful).filter(unlawful=False).order_by().values_list("pk", flat=True)
    )
    if thoroughly and has_timeouts_by_user():
        alive.difference_update(late_for_their_user(living, now))
    if thoroughly and not session_lookup.joins_user():
        alive.difference_update(of_another_account(living))
    return alive
