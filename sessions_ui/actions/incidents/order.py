"""Order an incident: it is in force when the order is committed, or begins batch by batch."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError, router, transaction
from django.utils import timezone

from sessions_ui.actions.acting_session import verify_acting_session_without_lock
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.happened import verify_happened
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.preview import Counts, count, kept_of
from sessions_ui.actions.incidents.rights import needs_approval, verify_may_order
from sessions_ui.actions.incidents.steps import as_text, note_step
from sessions_ui.actor import actor_by_key, actor_of
from sessions_ui.database.transactions import after_commit, atomically
from sessions_ui.exceptions import IncidentRefusal, IncidentRefused, NotYetHappened
from sessions_ui.models import Containment, Ending, EndReason, Incident, Rule, Session
from sessions_ui.models.clock import DatabaseNow
from sessions_ui.models.locking import locked
from sessions_ui.protocols import HasPk
from sessions_ui.services.pubsub import wake
from sessions_ui.services.queueing import queue_endings_task


def order_incident(
    *,
    criteria: Criteria,
    note: str,
    actor: HasPk | None = None,
    ticket: str = "",
    happened_at: datetime | None = None,
    include_own: bool = False,
    counts: Counts | None = None,
    nonce: UUID | None = None,
) -> Incident:
    """Sign out whoever meets the criteria; return the order, whose `ending` shows how far it has come.

    Of everyone, of staff and of everyone who signed in before a time (`criteria.rule`) all sessions are refused from
    the commit on, wherever a request or an open tab is; a worker then writes it into their rows. Other criteria are in
    force batch by batch, for the sessions that meet them now. What signs in after the order is not concerned.

    `actor`: the user who orders it, None for the command line; the session in which they do it is left out, unless
    `include_own`. `note` (the reason) and `ticket` (at most 100 characters) are for administrators only. `happened_at`:
    since when these sessions were not to be trusted, where that is known. `counts`: what the person was shown; counted
    here otherwise. `nonce`: of a form, which orders once, however often it is sent.

    Where `INCIDENT_APPROVAL_ABOVE` asks for it nothing is in force before a second administrator has approved it
    (`approve_incident()`). Raises `IncidentRefused`; `SessionEnded` where the session of the request that asks has
    ended meanwhile; `TryAgain` or `OutcomeUnknown` as `end_sessions()` does.
    """
    verify_may_order(actor)
    criteria.verify()
    if not note.strip():
        raise IncidentRefused(IncidentRefusal.NO_REASON)
    try:
        happened_at = verify_happened(happened_at)
    except NotYetHappened:
        raise IncidentRefused(IncidentRefusal.IN_THE_FUTURE) from None
    found = counts or count(criteria, actor, include_own=include_own)
    incident = Incident(
        criteria=criteria.to_json(),
        rule=criteria.rule or "",
        actor_id=actor_of(actor).pk,
        ticket=ticket,
        note=note.strip(),
        happened_at=happened_at,
        kept=kept_of(actor, include_own=include_own),
        sessions=found.sessions,
        people=found.people,
        nonce=nonce,
    )
    try:
        return _order(incident, actor)
    except IntegrityError:
        if nonce is not None and Incident.objects.filter(nonce=nonce).exists():
            raise IncidentRefused(IncidentRefusal.ORDERED_BEFORE) from None
        raise


@atomically
def _order(incident: Incident, actor: Any) -> Incident:
    verify_acting_session_without_lock()
    # Whoever repeats the transaction makes the row again.
    incident.pk, incident._state.adding = None, True
    incident.save(force_insert=True)
    waits = needs_approval(actor, sessions=incident.sessions)
    criteria = Criteria.from_json(incident.criteria)
    if not waits:
        put_in_force(incident, actor)
    note_step(
        "asked_for" if waits else "ordered",
        actor=actor,
        incident=incident,
        text=as_text(criteria.in_words()),
        sessions=incident.sessions,
        people=incident.people,
        kept=len(incident.kept),
    )
    return incident


def put_in_force(incident: Incident, actor: Any) -> None:
    """Put the order in force, in the transaction of whoever gives or approves it."""
    criteria = Criteria.from_json(incident.criteria)
    rule = criteria.rule
    ending = _end_in_batches(incident, criteria) if rule is None else _end_at_once(incident, criteria, rule)
    incident.ending, incident.generation = ending, ending.generation
    incident.ordered_at = timezone.now()
    incident.save(
        update_fields=["ending", "generation", "ordered_at", "kept", "approved_by"], force_update=True
    )


def _end_at_once(incident: Incident, criteria: Criteria, rule: Rule) -> Ending:
    """Raise the generation below which these sessions are over, and have a worker write it into their rows."""
    using = router.db_for_write(Containment)
    containment = _locked_containment(using)
    generation = containment.generation + 1
    # Before the limits change: what another order has ended is not brought back.
    own = Session.objects.using(using).filter(pk__in=incident.kept, ended_at__isnull=True).uncontained()
    own.update(generation=generation)
    changes: dict[str, Any] = {"generation": generation, "decided_at": DatabaseNow()}
    if rule is not Rule.BEFORE:
        changes[rule.value] = generation
    elif containment.before_at is None or criteria.before >= containment.before_at:  # type: ignore[operator]
        changes |= {"before": generation, "before_at": criteria.before}
    # Else the one that is in force already goes further; what it has left out is ended by the sweep.
    Containment.objects.using(using).filter(pk=Containment.KEY).update(**changes)
    transaction.on_commit(queue_endings_task, using=using)
    after_commit(partial(wake, None), using=using)
    return Ending.objects.using(using).create(
        reason=EndReason.INCIDENT,
        actor_id=incident.actor_id,
        ticket=incident.ticket,
        note=incident.note,
        rule=rule,
        generation=generation,
        before_at=criteria.before,
        happened_at=incident.happened_at,
        total=incident.sessions,
        is_laid_out=False,
    )


def _locked_containment(using: str) -> Containment:
    """Return the one row, which no other order changes meanwhile; made where it is missing."""
    rows = Containment.objects.using(using)
    rows.bulk_create([Containment()], ignore_conflicts=True)
    return locked(rows.filter(pk=Containment.KEY)).get()


def _end_in_batches(incident: Incident, criteria: Criteria) -> Ending:
    """Choose the sessions now, and have a worker end them. A generation begins, too: whoever signs in again in one of
    these browsers before the worker comes goes on in the same row."""
    people = criteria.accounts()
    ending = end_later(
        sessions=criteria.sessions().exclude(pk__in=incident.kept),
        reason=EndReason.INCIDENT,
        actor=actor_by_key(incident.actor_id),
        ticket=incident.ticket,
        note=incident.note,
        happened_at=incident.happened_at,
        of_users=people,
        unadopted=people is not None,
    )
    # At the end, because other orders wait from here on; sign-ins of these people wait anyway.
    using = router.db_for_write(Containment)
    ending.generation = _locked_containment(using).generation + 1
    Containment.objects.using(using).filter(pk=Containment.KEY).update(generation=ending.generation)
    ending.save(update_fields=["generation"])
    return ending
