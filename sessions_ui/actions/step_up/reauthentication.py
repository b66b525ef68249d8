"""Record that people confirmed who they are in the middle of a session, and count wrong tries."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from sessions_ui.actions.step_up.factors import append_shown
from sessions_ui.actor import actor_of
from sessions_ui.assurance import KINDS, Authentication, Kind, Step
from sessions_ui.audit import events
from sessions_ui.database import moments
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Event
from sessions_ui.protocols import HasPk


@atomically
def note_reauthentication(
    *,
    user: HasPk,
    session_id: int | None,
    succeeded: bool,
    method: str = "",
    since: datetime | None = None,
    shown: Authentication | None = None,
) -> Event:
    """Record that the user confirmed who they are in this session, or failed to; return the event.

    `session_id` is the primary key of the session (`request.session.session_id`). `method` is a word of
    `Session.method`; where it failed, what was tried. `since` is when a second factor was set up, where that is known;
    it is a further proof only if it was there long enough (docs/risk.md, "Signing out older devices"). `shown` says
    both, and which credential it was (docs/assurance.md). Raises `OutOfRange`, a `ValueError`, for a moment that nobody
    can have meant, and `TryAgain` or `OutcomeUnknown` as `end_sessions()` does.
    """
    if since is not None:
        moments.verify_range(since)
    if shown is None and method:
        shown = shown_now(method, since)
    event = events.append(
        Event.Kind.REAUTHENTICATED if succeeded else Event.Kind.REAUTHENTICATION_FAILED,
        user_id=user.pk,
        actor_id=actor_of(user).pk,
        session_id=session_id,
        data={} if shown is None else said_of(shown),
    )
    if succeeded and shown is not None and session_id is not None:
        append_shown(user=user, session_id=session_id, shown=replace(shown, step=Step.REAUTHENTICATION))
    return event


def shown_now(method: str, since: datetime | None) -> Authentication:
    """Return what a site says by a word. One that nobody knows here, and that was set up, is a second factor."""
    at, since = moments.aware(timezone.now()), None if since is None else moments.aware(since)
    shown = Authentication.of(method, at=at, since=since)
    is_of_host = method not in KINDS and since is not None
    return replace(shown, kinds=(Kind.POSSESSION,)) if is_of_host else shown


def said_of(shown: Authentication) -> dict[str, Any]:
    """Return what the event keeps of what was shown."""
    said = {
        "method": shown.method,
        "credential": shown.credential,
        "since": moments.aware(shown.since).isoformat() if shown.since else "",
    }
    return {name: value for name, value in said.items() if value}


def failed_reauthentications(*, user: HasPk, session_id: int, since: datetime) -> int:
    """Return how many tries of this session (its primary key) of `user` failed since then.

    They are counted by session, not by user alone: otherwise whoever holds a stolen one could keep the owner from
    signing it out.
    """
    failed = Event.objects.filter(
        user_id=user.pk, session_id=session_id, kind=Event.Kind.REAUTHENTICATION_FAILED
    )
    return failed.filter(at__gte=since).count()
