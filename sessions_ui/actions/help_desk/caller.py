"""Record who is calling: what the agent states before anything can be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from sessions_ui.actions.help_desk.open import note_step
from sessions_ui.actions.help_desk.rights import verify_case, verify_known_caller
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Case


@atomically
def verify_caller(*, case: Case, agent: Any, ticket: str, reason: str, ways: Sequence[str]) -> None:
    """Record ticket, reason and how the caller was verified. The form has checked their values.

    A second agent agrees to a ticket and a reason. Under another one the agreement is none, and is asked for again.
    """
    verify_case(case, agent)
    rows = Case.objects.filter(pk=case.pk)
    rows.exclude(ticket=ticket, reason=reason).update(approval_asked_at=None)
    rows.filter(proof=Case.Proof.SECOND_AGENT).exclude(ticket=ticket, reason=reason).update(
        proof="", proven_at=None, approver=None
    )
    rows.update(ticket=ticket, reason=reason, ways=list(ways), verified_at=timezone.now())
    case.refresh_from_db()
    note_step(case, agent, "verified", ticket=ticket, reason=reason, ways=list(ways))


def reveal_network(*, case: Case, agent: Any) -> None:
    """Record that the agent is about to see addresses: an event of its own."""
    verify_known_caller(case, agent)
    note_step(case, agent, "network details shown")
