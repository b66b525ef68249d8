"""Let a second administrator approve an incident that waits for it, or decline it."""

from __future__ import annotations

from typing import Any

from django.db import router
from django.utils import timezone

from sessions_ui.actions.endings.end import own_session_of
from sessions_ui.actions.incidents.order import put_in_force
from sessions_ui.actions.incidents.rights import may_order, verify_may_order
from sessions_ui.actions.incidents.steps import note_step
from sessions_ui.actions.tokens.same_person import could_act_by
from sessions_ui.actor import actor_of
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import IncidentRefusal, IncidentRefused
from sessions_ui.models import Incident
from sessions_ui.models.locking import locked
from sessions_ui.models.primary import all_users
from sessions_ui.protocols import HasPk


@atomically
def approve_incident(*, incident: Incident, actor: HasPk) -> Incident:
    """Put an order of somebody else in force; return it as it is then.

    Of somebody else: not of a service account for which the same person answers, nor by a token that they have made.
    The session in which it is approved is left out, too, where that of the order is. Raises `IncidentRefused`, and what
    `order_incident()` raises.
    """
    row = _waiting(incident, actor)
    if (reason := why_not_approved_by(actor, row)) is not None:
        raise IncidentRefused(reason)
    row.kept = kept_by_approval(row, actor)
    row.approved_by_id = actor_of(actor).pk
    put_in_force(row, actor)
    note_step("approved", actor=actor, incident=row)
    return row


def why_not_approved_by(actor: HasPk, incident: Incident) -> IncidentRefusal | None:
    """Return why this user, who may order incidents, cannot approve this one, which waits; None where they can."""
    if not is_of_somebody_else(incident, actor):
        return IncidentRefusal.SAME_PERSON
    # Two have to want it who may: whoever has lost the right since counts for neither.
    if not may_order(all_users().filter(pk=incident.actor_id).first()):
        return IncidentRefusal.ORDERER_LEFT
    return None


def kept_by_approval(incident: Incident, actor: HasPk) -> list[int]:
    """Return the primary keys of the sessions that are left out if this user approves it: where that of the order is,
    theirs is, too."""
    own = own_session_of(actor)
    return [*incident.kept, own] if incident.kept and own is not None else incident.kept


def is_of_somebody_else(incident: Incident, actor: HasPk) -> bool:
    """Return whether somebody else has ordered it than whoever would approve it, in effect: an order by a token is also
    that of whoever answers for the service account, or has had the token's value."""
    sessions = incident.kept  # in which it was ordered, unless that one was not to be left out
    return not could_act_by(actor.pk, incident.actor_id, at=incident.created_at, sessions=sessions)


@atomically
def decline_incident(*, incident: Incident, actor: HasPk) -> Incident:
    """Decline an order that waits, or withdraw one's own; return it as it is then. Raises `IncidentRefused`."""
    row = _waiting(incident, actor)
    row.declined_at, row.declined_by_id = timezone.now(), actor_of(actor).pk
    row.save(update_fields=["declined_at", "declined_by"])
    note_step("declined", actor=actor, incident=row)
    return row


def _waiting(incident: Incident, actor: Any) -> Incident:
    verify_may_order(actor)
    rows = Incident.objects.using(router.db_for_write(Incident)).filter(pk=incident.pk)
    row = locked(rows).get()
    state = row.state  # asked once: it lapses by itself
    if state is Incident.State.LAPSED:
        raise IncidentRefused(IncidentRefusal.APPROVAL_OVER)
    if state is not Incident.State.WAITING:
        raise IncidentRefused(IncidentRefusal.NOT_WAITING)
    return row
