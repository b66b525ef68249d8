"""Show what an incident would end, before anybody orders it: how many, who for example, and how long it takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import connections, router
from django.db.models import Count, Q

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
    """How many sessions end, of how many people. `tokens`: how many of them are access tokens. `includes_own`: that of
    whoever asks meets the criteria, too, and is counted only where it is not left out."""

    sessions: int
    people: int
    includes_own: bool = False
    tokens: int = 0


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


def preview_incident(*, criteria: Criteria, actor: HasPk | None = None, include_own: bool = False) -> Preview:
    """Look at what an order by these criteria would end. Nothing is ended; that somebody looked is an event.

    `actor`: the user who looks, None for the command line; `include_own` as for `order_incident()`. Raises
    `IncidentRefused` for criteria that cannot be meant and for whoever may not order incidents.
    """
    verify_may_order(actor)
    criteria.verify()
    counts = count(criteria, actor, include_own=include_own)
    duration = time_for(counts.sessions)
    ending = criteria.sessions().exclude(pk__in=kept_of(actor, include_own=include_own))
    newest = with_users(ending.select_related("device"), "user").defer("payload")
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


def kept_of(actor: Any, *, include_own: bool) -> list[int]:
    """Return the primary keys of the sessions that an order by `actor` leaves out: that in which it is given."""
    own = own_session_of(actor) if actor is not None else None
    return [own] if own is not None and not include_own else []


def count(criteria: Criteria, actor: Any = None, *, include_own: bool = False) -> Counts:
    """Count what ends by an order that `actor` gives now; one statement, and two for their session."""
    own = kept_of(actor, include_own=False)
    found = count_without(criteria, [] if include_own else own)
    return replace(found, includes_own=meet_any(criteria, own))


def meet_any(criteria: Criteria, sessions: list[int]) -> bool:
    """Return whether one of these sessions meets the criteria."""
    return bool(sessions) and criteria.sessions().filter(pk__in=sessions).exists()


def count_without(criteria: Criteria, kept: list[int]) -> Counts:
    """Count what meets the criteria but for these sessions."""
    sessions = criteria.sessions().exclude(pk__in=kept).order_by()
    return Counts(
        **sessions.aggregate(
            sessions=Count("pk"),
            people=Count("user_id", distinct=True),
            tokens=Count("pk", filter=Q(kind=Session.Kind.TOKEN)),
        )
    )


def time_for(sessions: int) -> timedelta:
    """Return how long one worker needs for so many sessions."""
    pace = PACE.get(connections[router.db_for_write(Session)].vendor, min(PACE.values()))
    return timedelta(seconds=sessions / pace)
