"""Begin a call: one exact search, and a case for whoever was found."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from sessions_ui.actions.help_desk.find_user import caller_of
from sessions_ui.actions.help_desk.rights import may_help, verify_agent_acts, verify_pace, within_scope
from sessions_ui.actions.tokens.same_person import is_same_person
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.conf import conf
from sessions_ui.exceptions import HelpDeskRefusal, HelpDeskRefused
from sessions_ui.models import Case, Event

MAX_TERM = 320
FORMER_ADDRESS = "former_address"  # in the event: what the account was found by


def open_case(*, agent: Any, term: str) -> Case:
    """Open a case for the one account that matches exactly and that this agent may help.

    Raises `HelpDeskRefused`: `too_many`, `own_account`, or `nobody`. The last one says nothing about whether there is
    such an account. Each search is an event; what was searched for is in its detail, which can be erased.
    """
    verify_agent_acts()
    verify_pace(agent, acts=False)
    term = term.strip()[:MAX_TERM]
    # A name that two accounts share identifies neither.
    found, by_former = caller_of(term, within_scope(agent)) if term else ([], False)
    user = found[0] if len(found) == 1 else None
    reason = refusal_of(agent, user)
    now = timezone.now()
    case = Case.objects.create(
        agent_id=agent.pk,
        user_id=None if user is None or reason else user.pk,
        opened_at=now,
        expires_at=now + conf.help_desk_case_age,
    )
    by = {"by": FORMER_ADDRESS} if by_former and not reason else {}
    note_step(case, agent, f"refused: {reason}" if reason else "opened", text=term, **by)
    if reason:
        raise HelpDeskRefused(reason)
    return case


def refusal_of(agent: Any, user: Any) -> HelpDeskRefusal | None:
    """Return why this agent gets no case for `user` (who is None where nobody was found); None where they get one."""
    if user is None:
        return HelpDeskRefusal.NOBODY
    if is_same_person(user.pk, agent.pk):
        return HelpDeskRefusal.OWN_ACCOUNT
    return None if may_help(agent, user) else HelpDeskRefusal.NOBODY


def note_step(case: Case, agent: Any, step: str, *, text: str = "", **data: Any) -> Event:
    """Record a step of a case. Every look and act of staff is an event (docs/architecture.md, 9)."""
    return events.append(
        Event.Kind.HELP_DESK,
        user_id=case.user_id,
        actor_id=actor_of(agent).pk,
        ticket=case.ticket,
        data={"step": step, "case": case.public_id, **data},
        text=text,
    )
