"""Stop an incident that is under way, or go on with it."""

from __future__ import annotations

from sessions_ui.actions.endings.bulk.stop import resume, stop
from sessions_ui.actions.incidents.rights import verify_may_order
from sessions_ui.actions.incidents.steps import note_step
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Incident
from sessions_ui.protocols import HasPk


@atomically
def stop_incident(*, incident: Incident, actor: HasPk | None = None) -> bool:
    """Begin no further batch; return whether it was under way.

    What is in force at once stays so: these sessions are refused, and nothing brings them back. Of other incidents,
    whatever no batch has reached stays signed in. Raises `IncidentRefused` for whoever may not order incidents, and
    `SessionEnded` where the session of the request that asks has ended meanwhile.
    """
    verify_may_order(actor)
    stopped = incident.ending is not None and stop(incident.ending)
    if stopped:
        note_step("stopped", actor=actor, incident=incident)
    return stopped


@atomically
def resume_incident(*, incident: Incident, actor: HasPk | None = None) -> bool:
    """Go on where it was stopped; return whether it was. Raises as `stop_incident()` does."""
    verify_may_order(actor)
    resumed = incident.ending is not None and resume(incident.ending)
    if resumed:
        note_step("resumed", actor=actor, incident=incident)
    return resumed
