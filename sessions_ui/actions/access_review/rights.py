"""Decide who reviews access, and record each step of a review."""

from __future__ import annotations

from typing import Any

from sessions_ui import context
from sessions_ui.actions.acting_session import verify_acting_session_without_lock
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.exceptions import ReviewRefusal, ReviewRefused
from sessions_ui.models import AccessReview, Act, Event
from sessions_ui.user_model import is_active

PERMISSION = "sessions_ui.review_access"


def may_review(user: Any) -> bool:
    """Return whether the user holds the permission: it is no part of any other."""
    return is_active(user) and bool(user.has_perm(PERMISSION))


def verify_reviewer(user: Any) -> None:
    """Raise `ReviewRefused` for whoever may not review, `NotTheOwner` where staff uses an account, and `SessionEnded`
    where the session of the request that asks has ended meanwhile."""
    context.require_owner()
    verify_acting_session_without_lock()
    if not may_review(user):
        raise ReviewRefused(ReviewRefusal.NOT_ALLOWED)


def note_step(
    review: AccessReview,
    actor: Any,
    step: str,
    *,
    user_id: Any = None,
    device_id: Any = None,
    act: Act | None = None,
    **data: Any,
) -> Event:
    """Record a step. Every look and act of staff is an event (docs/architecture.md, 9)."""
    return events.append(
        Event.Kind.ACCESS_REVIEW,
        user_id=user_id,
        device_id=device_id,
        act=act,
        actor_id=actor_of(actor).pk,
        data={"step": step, "review": review.public_id, **data},
    )
