"""The second agent: agreeing, refusing, and how the first one hears of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.help_desk.prove import ask_for_approval, refuse_approval
from sessions_ui.actions.help_desk.send_code import send_code
from sessions_ui.exceptions import HelpDeskRefused
from tests.models import Case, Event, Session

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(colleague: Any, desk: Any, browser: Any) -> Any:
    client = browser()
    client.force_login(colleague)
    return client


def refuse(client: Any, case: Case, **read: str) -> Any:
    fields = {"ticket": "INC-7", "reason": "lost", **read}
    return client.post(f"/help-desk/approvals/{case.public_id}/refuse/", fields, follow=True)


def test_a_second_agent_refuses_and_the_first_one_reads_it(
    desk: Any, second: Any, verified: Case, agent: Any, colleague: Any, user: Any
) -> None:
    page = f"/help-desk/{verified.public_id}/"
    ask_for_approval(case=verified, agent=agent)
    assert "/refuse/" in second.get("/help-desk/approvals/").content.decode()
    answer = refuse(second, verified).content.decode()
    assert "Refused." in answer and "No request is waiting for a second agent." in answer
    event = Event.objects.get(data__step="approval refused")
    assert (event.actor_id, event.user_id, event.data["case"]) == (colleague.pk, user.pk, verified.public_id)
    verified.refresh_from_db()
    assert not verified.is_proven and verified.approval_asked_at is None
    html = desk.get(page).content.decode()
    assert "The second agent refused" in html and "Help desk: a second agent refused" in html
    desk.post(f"{page}approval/")
    assert "The second agent refused" not in desk.get(page).content.decode(), "another one is asked"
    assert "case_closed" not in second.get("/help-desk/approvals/").content.decode()


def agree(client: Any, case: Case) -> Any:
    fields = {"ticket": "INC-7", "reason": "lost"}
    return client.post(f"/help-desk/approvals/{case.public_id}/", fields, follow=True)


@pytest.mark.parametrize("again", [agree, refuse])
@pytest.mark.parametrize(
    ("first", "said"), [(agree, "has already been agreed to"), (refuse, "has already been refused")]
)
def test_who_decides_twice_reads_how_it_was_decided(
    second: Any, verified: Case, agent: Any, first: Any, again: Any, said: str
) -> None:
    ask_for_approval(case=verified, agent=agent)
    first(second, verified)
    verified.refresh_from_db()
    before = (verified.proof, verified.approval_asked_at)
    answer = again(second, verified)
    html = answer.content.decode()
    assert answer.status_code == 200 and f"Case {verified.public_id} {said}. Nothing was changed" in html
    verified.refresh_from_db()
    assert (verified.proof, verified.approval_asked_at) == before
    assert Event.objects.filter(data__step__in=["proven", "approval refused"]).count() == 1


def test_who_decides_after_the_caller_has_read_a_code_back_reads_that_nobody_is_needed(
    second: Any, verified: Case, agent: Any
) -> None:
    ask_for_approval(case=verified, agent=agent)
    Case.objects.filter(pk=verified.pk).update(proof=Case.Proof.CODE, proven_at=timezone.now())
    assert "the caller has read a code back" in agree(second, verified).content.decode()


def test_whoever_may_not_help_is_not_told_how_a_case_was_decided(
    second: Any, verified: Case, agent: Any, colleague: Any, user: Any
) -> None:
    ask_for_approval(case=verified, agent=agent)
    agree(second, verified)
    type(user).objects.filter(pk=user.pk).update(is_superuser=True)
    assert agree(second, verified).status_code == 404


def test_who_may_not_agree_may_not_refuse(
    verified: Case, agent: Any, colleague: Any, user: Any, other_user: Any
) -> None:
    ask_for_approval(case=verified, agent=agent)
    with pytest.raises(HelpDeskRefused, match="same_agent"):
        refuse_approval(case=verified, approver=agent, user=user)
    user.groups.set(agent.groups.all())
    with pytest.raises(HelpDeskRefused, match="nobody"):
        refuse_approval(case=verified, approver=user, user=user)
    verified.refresh_from_db()
    assert verified.approval_asked_at is not None
    assert not Event.objects.filter(data__step="approval refused").exists()


def test_whoever_has_refused_holds_the_case_as_it_is_now(
    verified: Case, agent: Any, colleague: Any, user: Any
) -> None:
    ask_for_approval(case=verified, agent=agent)
    refuse_approval(case=verified, approver=colleague, user=user)
    assert verified.approval_asked_at is None


def test_what_is_about_something_else_by_now_is_not_refused(second: Any, verified: Case, agent: Any) -> None:
    ask_for_approval(case=verified, agent=agent)
    refuse(second, verified, ticket="INC-8")
    verified.refresh_from_db()
    assert verified.approval_asked_at is not None


def test_a_case_that_nobody_asks_about_is_not_refused(
    second: Any, verified: Case, colleague: Any, user: Any
) -> None:
    assert refuse(second, verified).status_code == 404
    with pytest.raises(HelpDeskRefused, match="case_closed"):
        refuse_approval(case=verified, approver=colleague, user=user)


def test_the_waiting_page_is_told_once_somebody_has_decided(
    desk: Any, second: Any, verified: Case, agent: Any, phone: Any
) -> None:
    page = f"/help-desk/{verified.public_id}/"
    assert "hx-trigger" not in desk.get(page).content.decode()
    ask_for_approval(case=verified, agent=agent)
    assert f'hx-get="{page}state/" hx-trigger="every 4s"' in desk.get(page).content.decode()
    assert desk.get(f"{page}state/").status_code == 204
    second.post(f"/help-desk/approvals/{verified.public_id}/")
    answer = desk.get(f"{page}state/")
    html = answer.content.decode()
    assert answer.status_code == 286, "and it asks no more"
    for part in ("desk-verified", "desk-recovery", "desk-not-theirs", "desk-all"):
        assert f'id="{part}"' in html and html.count('hx-swap-oob="true"') == 4
    assert "A second agent has agreed" in html and "To sign out everything, type" in html
    assert "disabled" not in html


def test_a_page_that_waits_is_told_of_the_code_that_was_read_back_in_another_one(
    desk: Any, verified: Case, agent: Any
) -> None:
    ask_for_approval(case=verified, agent=agent)
    send_code(case=verified, agent=agent)
    desk.post(f"/help-desk/{verified.public_id}/code/check/", {"code": verified.code()})
    html = desk.get(f"/help-desk/{verified.public_id}/state/").content.decode()
    assert "The code was read back. You can continue." in html and "has agreed" not in html


def test_to_wait_is_no_activity(desk: Any, verified: Case, agent: Any) -> None:
    ask_for_approval(case=verified, agent=agent)
    rows = Session.objects.filter(user=agent)
    rows.update(last_seen_at=rows.get().last_seen_at.replace(year=2026, month=1))
    before = rows.get().last_seen_at
    desk.get(f"/help-desk/{verified.public_id}/state/")
    assert rows.get().last_seen_at == before


def test_the_state_of_a_case_is_its_own_agents(second: Any, verified: Case, agent: Any) -> None:
    ask_for_approval(case=verified, agent=agent)
    assert second.get(f"/help-desk/{verified.public_id}/state/").status_code == 404


def test_the_waiting_page_is_loaded_again_where_its_case_is_closed(
    desk: Any, verified: Case, agent: Any, browser: Any
) -> None:
    """It asked on for ever, and said that a decision appears; or took the sign-in page for a part of itself."""
    ask_for_approval(case=verified, agent=agent)
    Case.objects.filter(pk=verified.pk).update(expires_at=timezone.now())
    address = f"/help-desk/{verified.public_id}/state/"
    for client in (desk, browser()):
        answer = client.get(address, headers={"HX-Request": "true"})
        assert answer.status_code == 200 and answer.headers["HX-Refresh"] == "true"
        assert answer.content == b""


@pytest.mark.parametrize("decide", [agree, refuse])
def test_who_decides_too_late_reads_that_nothing_was_done(
    decide: Any, second: Any, verified: Case, agent: Any
) -> None:
    ask_for_approval(case=verified, agent=agent)
    Case.objects.filter(pk=verified.pk).update(expires_at=timezone.now())
    answer = decide(second, verified)
    assert "This case is closed, and nothing was done." in answer.content.decode()
