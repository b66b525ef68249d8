"""Prove more than a voice on the phone: by a code that only the account's owner can read, or a colleague who agrees."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from sessions_ui.actions.help_desk.open import note_step
from sessions_ui.actions.help_desk.rights import HOUR, may_help, verify_agent_acts, verify_known_caller
from sessions_ui.actions.one_time_codes import Answer, try_code
from sessions_ui.actions.tokens.same_person import is_same_person
from sessions_ui.actor import actor_of
from sessions_ui.database.transactions import atomically
from sessions_ui.exceptions import HelpDeskRefusal, HelpDeskRefused
from sessions_ui.models import Case, Event

WRONG_CODE = "wrong code"
LOOKED = "second agent looked"
APPROVAL_ASKED = "approval asked for"
APPROVAL_REFUSED = "approval refused"
# Wrong codes for one account within an hour: neither another code nor another case lets an agent go on guessing. Those
# that one agent has taken from a thief on the phone leave the owner some with another one.
MOST_WRONG_OF_AN_AGENT = 10
MOST_WRONG = 30


@sensitive_variables("code", "given")
def check_code(*, case: Case, agent: Any, code: str) -> None:
    """Accept the code that the caller has read back, if it is the right one.

    Raises `HelpDeskRefused`: `wrong_code`, `code_over` after five tries or when it is too old, or `too_many` wrong
    ones.
    """
    user = verify_known_caller(case, agent)
    verify_tries(user, agent)
    if case.code_expires_at is None or timezone.now() > case.code_expires_at:
        raise HelpDeskRefused(HelpDeskRefusal.CODE_OVER)
    answer = try_code(case, code)
    if answer is Answer.WRONG:
        note_step(case, agent, WRONG_CODE)
    if answer is not Answer.RIGHT:
        raise HelpDeskRefused(HelpDeskRefusal(answer))
    _prove(case, agent, Case.Proof.CODE)


def verify_tries(user: Any, agent: Any) -> None:
    """Raise `HelpDeskRefused` (`too_many`) where too many wrong codes were read back for this account lately: to this
    agent, or to all together."""
    steps = Event.objects.filter(user_id=user.pk, kind=Event.Kind.HELP_DESK, data__step=WRONG_CODE)
    agents = list(steps.filter(at__gt=timezone.now() - HOUR).values_list("actor_id", flat=True))
    if len(agents) >= MOST_WRONG or agents.count(agent.pk) >= MOST_WRONG_OF_AN_AGENT:
        raise HelpDeskRefused(HelpDeskRefusal.TOO_MANY)


def ask_for_approval(*, case: Case, agent: Any) -> None:
    """Put the case on the list of the other agents."""
    verify_known_caller(case, agent)
    if Case.objects.filter(pk=case.pk, approval_asked_at__isnull=True).update(
        approval_asked_at=timezone.now()
    ):
        note_step(case, agent, APPROVAL_ASKED)
    case.refresh_from_db()


def note_looks(*, cases: Collection[Case], agent: Any) -> None:
    """Record that this second agent has read whom these cases are about.

    That is one event a case, however often the list is read.
    """
    verify_agent_acts()
    looks = Event.objects.filter(kind=Event.Kind.HELP_DESK, actor_id=actor_of(agent).pk, data__step=LOOKED)
    looks = looks.filter(user_id__in={case.user_id for case in cases})
    noted = {data["case"] for data in looks.values_list("data", flat=True)}
    for case in cases:
        if case.public_id not in noted:
            note_step(case, agent, LOOKED)


def approve(*, case: Case, approver: Any, user: Any) -> None:
    """Record that the second agent agrees. Not the first one, and nobody who could not have opened the case."""
    verify_second_agent(case, approver, user)
    _prove(case, approver, Case.Proof.SECOND_AGENT, approver_id=approver.pk)


@atomically
def refuse_approval(*, case: Case, approver: Any, user: Any) -> None:
    """Record that the second agent does not agree; the first one may ask somebody else. The same people may say so who
    may agree. Raises `HelpDeskRefused` (`case_closed`) where nobody asks for it any more."""
    verify_second_agent(case, approver, user)
    waiting = Case.objects.filter(pk=case.pk, ticket=case.ticket, reason=case.reason, proven_at__isnull=True)
    if not waiting.filter(approval_asked_at__isnull=False).update(approval_asked_at=None):
        raise HelpDeskRefused(HelpDeskRefusal.CASE_CLOSED)
    note_step(case, approver, APPROVAL_REFUSED)
    case.refresh_from_db()


def verify_second_agent(case: Case, approver: Any, user: Any) -> None:
    """Raise `HelpDeskRefused` for the first agent, whoever could not have opened the case, and where nobody asks."""
    verify_agent_acts()
    if is_same_person(case.agent_id, approver.pk):
        raise HelpDeskRefused(HelpDeskRefusal.SAME_AGENT)
    if not case.is_open or case.approval_asked_at is None:
        raise HelpDeskRefused(HelpDeskRefusal.CASE_CLOSED)
    if not may_help(approver, user):
        raise HelpDeskRefused(HelpDeskRefusal.NOBODY)


@atomically
def _prove(case: Case, by: Any, proof: Case.Proof, **fields: Any) -> None:
    same = Case.objects.filter(pk=case.pk, ticket=case.ticket, reason=case.reason)
    won = same.filter(proven_at__isnull=True).update(
        proof=proof, proven_at=timezone.now(), code_salt="", **fields
    )
    if won:
        note_step(case, by, "proven", proof=str(proof))
    case.refresh_from_db()
