"""An agent is not the person who is helped, and the second agent is not the first, whatever accounts they have."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sessions_ui import context
from sessions_ui.actions.help_desk import prove
from sessions_ui.actions.help_desk.open import open_case
from sessions_ui.actions.help_desk.rights import may_help, verify_known_caller
from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.exceptions import HelpDeskRefusal, HelpDeskRefused, NotTheOwner
from tests.models import Case

pytestmark = pytest.mark.django_db


def test_an_agent_does_not_help_the_service_account_that_they_answer_for(
    agent: Any, colleague: Any, user: Any
) -> None:
    make_service_account(user=user, owner=agent)
    assert not may_help(agent, user) and may_help(colleague, user)
    with pytest.raises(HelpDeskRefused) as refused:
        open_case(agent=agent, term=user.email)
    assert refused.value.reason is HelpDeskRefusal.OWN_ACCOUNT


def test_nor_agrees_to_what_a_colleague_does_there(
    agent: Any, colleague: Any, verified: Case, user: Any
) -> None:
    prove.ask_for_approval(case=verified, agent=agent)
    make_service_account(user=user, owner=colleague)
    with pytest.raises(HelpDeskRefused) as refused:
        prove.approve(case=verified, approver=colleague, user=user)
    assert refused.value.reason is HelpDeskRefusal.NOBODY


def test_an_agent_in_the_account_of_another_one_is_no_second_agent(
    agent: Any, colleague: Any, verified: Case, user: Any
) -> None:
    prove.ask_for_approval(case=verified, agent=agent)
    inside = SimpleNamespace(session_id=None, user_id=colleague.pk, impersonator_id=agent.pk)
    token = context.begin(context.Acting(inside))
    try:
        for act in (
            lambda: prove.approve(case=verified, approver=colleague, user=user),
            lambda: prove.note_looks(cases=[verified], agent=colleague),
            lambda: open_case(agent=colleague, term=user.email),
            lambda: verify_known_caller(verified, agent),
        ):
            with pytest.raises(NotTheOwner):
                act()
    finally:
        context.finish(token)
    assert not Case.objects.get(pk=verified.pk).proof


def test_support_gets_no_page_of_the_help_desk(desk: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(context, "is_impersonated", lambda: True)
    for path in ("", "approvals/"):
        answer = desk.get(f"/help-desk/{path}")
        assert answer.status_code == 403 and "Only the owner can do this" in answer.content.decode()
