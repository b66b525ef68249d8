"""Close a recovery: all is done, or the help desk lifts it."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.utils import timezone

from sessions_ui import outbox
from sessions_ui.actions.account_lock import lock_users, write_states
from sessions_ui.actions.acting_session import verify_acting_session
from sessions_ui.actions.recovery.open import open_case_of, safe_addresses
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.database.transactions import atomically
from sessions_ui.models import EndReason, Event, Recovery
from sessions_ui.models.primary import all_users


def close(case: Recovery, why: Recovery.ClosedWhy, *, actor: Any = None, ticket: str = "") -> None:
    """Close the case, whose account is held; its owner is told. A password that is still void stays so.

    A sign-in under way began under other rules, and begins again.
    """
    by = actor_of(actor).pk
    case.closed_at, case.closed_why, case.closed_by_id = timezone.now(), why, by
    case.save(update_fields=["closed_at", "closed_why", "closed_by"])
    decided: dict[str, Any] = {"epoch": F("epoch") + 1, "reason": EndReason.RECOVERING}
    write_states([case.user_id], recovering_since=None, frozen_until=None, **decided)
    event = events.append(
        Event.Kind.RECOVERY_CLOSED,
        user_id=case.user_id,
        actor_id=by,
        data={"recovery": case.public_id, "why": str(why)} | ({"ticket": ticket} if ticket else {}),
    )
    outbox.enqueue_event(event, _receivers(case))


def _receivers(case: Recovery) -> list[str]:
    if case.address:
        return [case.address]
    user = all_users().filter(pk=case.user_id).first()
    return safe_addresses(user, case.since) if user is not None else []


@atomically
def lift_recovery(*, user: Any, actor: Any, ticket: str = "") -> bool:
    """Close the open recovery of this account before its steps are done; return whether there was one.

    What was added to the account stays, and may sign in again; a password that is void stays void. The caller checks
    who may do that. Raises `SessionEnded` where the session of the request that asks has ended meanwhile.
    """
    lock_users([user.pk])
    verify_acting_session()
    case = open_case_of(user)
    if case is None:
        return False
    close(case, Recovery.ClosedWhy.LIFTED, actor=actor, ticket=ticket)
    return True
