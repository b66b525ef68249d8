"""Show what an incident would end, before anybody orders it: how many, who for example, and how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connections, router
from django.db.models import Count

from sessions_ui.actions.endings.end import own_session_of
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.rights import needs_approval, verify_may_order
from sessions_ui.actions.incidents.steps import as_text, note_step
from sessions_ui.models import Session
from sessions_ui.models.primary import with_users
from sessions_ui.protocols import HasPk

EXAMPLES = 10
# Sessions a second that one worker ends, with the events and mails about them (docs/incidents.md).
PACE = {"postgresql": 10_000, "mysql": 4_000, "sqlite": 4_000}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many sessions of how many people. `includes_own`: that of whoever asks is one of them."""

    sessions: int
    people: int
    includes_own: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What would come of it. `examples`: the newest sessions, with their users and devices. `in_force_after`: how long
    it takes until all of these are refused; `done_after`: until the rows say so, too. `needs_approval`: of a second
    administrator."""

    counts: Counts
    examples: list[Session]
    in_force_after: timedelta
    done_after: timedelta
    needs_approval: bool


def preview_incident(*, criteria: Criteria, actor: HasPk | None = None) -> Preview:
    """Look at what meets the criteria. Nothing is ended; that somebody looked is an event.

    `actor`: the user who looks, None for the command line. Raises `IncidentRefused` for criteria that cannot be meant
    and for whoever may not order incidents.
    """
    verify_may_order(actor)
    criteria.verify()
    counts = count(criteria, actor)
    duration = time_for(counts.sessions)
    newest = with_users(criteria.sessions().select_related("device"), "user").defer("payload")
    preview = Preview(
        counts=counts,
        examples=list(newest.order_by("-pk")[:EXAMPLES]),
        in_force_after=timedelta() if criteria.rule else duration,
        done_after=duration,
        needs_approval=needs_approval(actor, sessions=counts.sessions),
    )
    note_step(
        "previewed",
        actor=actor,
        text=as_text(criteria.in_words()),
        sessions=counts.sessions,
        people=counts.people,
    )
    return preview


def count(criteria: Criteria, actor: Any = None) -> Counts:
    """Count what meets the criteria; one statement, and one for the session of `actor`."""
    sessions = criteria.sessions().order_by()
    found = sessions.aggregate(sessions=Count("pk"), people=Count("user_id", distinct=True))
    own = own_session_of(actor) if actor is not None else None
    return Counts(**found, includes_own=own is not None and sessions.filter(pk=own).exists())


def time_for(sessions: int) -> timedelta:
    """Return how long one worker needs for so many sessions."""
    pace = PACE.get(connections[router.db_for_write(Session)].vendor, min(PACE.values()))
    return timedelta(seconds=sessions / pace)
