"""The Celery tasks: thin shells over functions that work without Celery.

Only a worker imports this module (`queueing.PERIODIC`).
"""

from __future__ import annotations

from celery import shared_task

from sessions_ui.actions.endings import unused
from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.recovery.expire import expire_recoveries
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.actions.tokens.expiring import warn_of_expiring
from sessions_ui.audit.seal import seal_events
from sessions_ui.delivery import deliver_all

__all__ = ["end_unused", "purge", "reconcile", "seal", "sweep_deliveries", "sweep_endings", "warn_of_tokens"]


@shared_task
def sweep_deliveries() -> int:
    """Make every delivery that is due. Beat calls it every few seconds, and whoever adds one asks for it at once."""
    return deliver_all().total()


@shared_task
def sweep_endings() -> int:
    """Carry out large endings, batch by batch. Beat calls it every few seconds, whoever adds one asks for it at
    once."""
    return end_batches()


@shared_task
def reconcile() -> int:
    """End what no signal told us of, such as sessions of users disabled by `QuerySet.update()`, and the recoveries
    whose time is over; return how many sessions were ended."""
    expire_recoveries()
    return end_unlawful()


@shared_task
def purge() -> int:
    """Remove what is older than the retention time, and expired anonymous sessions."""
    return purge_old()


@shared_task
def seal() -> int:
    """Seal the events that were committed since the last time (docs/evidence.md); return how many."""
    return seal_events().events


@shared_task
def warn_of_tokens() -> int:
    """Tell people that an access token of theirs ends soon (docs/tokens.md); return of how many."""
    return warn_of_expiring()


@shared_task
def end_unused() -> int:
    """Sign out what nobody uses, as its owner has chosen, and tell them beforehand (docs/endings.md); return how many
    sign-ins ended."""
    return unused.end_unused()
