"""Have a worker end many sessions, so that no request waits for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import router, transaction
from django.db.models import QuerySet
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.account_lock import hold, users_of
from sessions_ui.actions.acting_session import verify_acting_session
from sessions_ui.actions.endings.bridged.batches import bridged_batches
from sessions_ui.actions.endings.bridged.everything import ends_bridged
from sessions_ui.actions.endings.bulk.lay_out import write_batches
from sessions_ui.actions.endings.happened import verify_happened
from sessions_ui.actor import actor_of
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Ending, EndingBatch, EndReason, Session
from sessions_ui.models.locking import as_they_are_now
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.protocols import HasPk
from sessions_ui.services.queueing import queue_endings_task


@atomically
def end_later(
    *,
    sessions: SessionQuerySet,
    reason: EndReason,
    actor: HasPk | None = None,
    ticket: str = "",
    note: str = "",
    happened_at: datetime | None = None,
    of_users: QuerySet[Any] | None = None,
    unadopted: bool = False,
) -> Ending:
    """Have a worker end those of these sessions that are signed in now; return the row that shows the progress.

    The choice is recorded here: a sign-in from now on is not part of it, except one that takes the place of a chosen
    one in the same browser before the worker comes. The decision itself is in force with the commit: no sign-in of
    these accounts that waits for its second factor goes on, and with `unadopted` nothing that another engine still
    holds of them is adopted. Use `end_sessions()` for what must be over when the request is answered.

    `of_users` says whose sessions they can be, as for `end_sessions()`; without it, the owners of the chosen sessions.
    `reason`, `actor`, `ticket`, `note` and `happened_at` are as for `end_sessions()`: what a session lives until its
    batch is persistence debt in any case. Raises `TryAgain`, `OutcomeUnknown` or `SessionEnded` as that
    does, and `NotTheOwner` where staff uses an account. Without a worker, `manage.py sessions carry-out` does the work.
    """
    context.require_owner()
    happened_at = verify_happened(happened_at)
    using = router.db_for_write(Session)
    living = sessions.using(using).filter(user__isnull=False, ended_at__isnull=True)
    accounts = users_of(living) if of_users is None else of_users
    with_bridged = ends_bridged(reason, whole_accounts=unadopted)
    tokens_for = reason if with_bridged else None
    held = hold(accounts, decided=reason, unadopted=unadopted, tokens_for=tokens_for)
    verify_acting_session()
    keys = list(as_they_are_now(living.order_by("user_id", "pk")).values_list("user_id", "pk"))
    ending = Ending.objects.using(using).create(
        reason=reason,
        actor_id=actor_of(actor).pk,
        ticket=ticket,
        note=note,
        happened_at=happened_at,
        total=len(keys),
    )
    bridged = list(bridged_batches(ending, held)) if with_bridged else []
    if not keys and not bridged:
        ending.done_at = timezone.now()
        ending.save(update_fields=["done_at"])
    EndingBatch.objects.using(using).bulk_create(bridged, batch_size=500)
    write_batches(ending, keys)
    transaction.on_commit(queue_endings_task, using=using)
    return ending
