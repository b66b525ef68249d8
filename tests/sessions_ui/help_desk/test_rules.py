"""The rules of the help desk by themselves: whom an agent may help, how often, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.utils import timezone

from sessions_ui.actions.help_desk.open import open_case
from sessions_ui.actions.help_desk.prove import approve, ask_for_approval, note_looks
from sessions_ui.actions.help_desk.rights import has_more_rights, may_help, verify_case, verify_pace
from sessions_ui.database import moments
from sessions_ui.exceptions import HelpDeskRefused
from tests.models import Case, CaseReceipt, Event

pytestmark = pytest.mark.django_db

NOW = moments.stored(datetime(2026, 11, 28, 12, tzinfo=UTC))
HOUR = timedelta(hours=1)


def refused(act: Any, **options: Any) -> str:
    with pytest.raises(HelpDeskRefused) as error:
        act(**options)
    return error.value.reason


@pytest.mark.parametrize(
    ("theirs", "agents", "more"),
    [
        ({}, {}, False),
        ({"is_superuser": True}, {"is_superuser": True}, True),
        ({"is_staff": True}, {"is_staff": False}, True),
        ({"is_staff": True}, {"is_staff": True}, False),
        ({}, {"is_staff": False}, False),
    ],
)
def test_who_has_more_rights_than_an_agent(
    theirs: dict[str, bool], agents: dict[str, bool], more: bool, user: Any, agent: Any
) -> None:
    for person, flags in ((user, theirs), (agent, agents)):
        for name, value in flags.items():
            setattr(person, name, value)
    assert has_more_rights(user, agent) is more


def test_a_permission_that_the_agent_lacks_is_one_right_more(user: Any, agent: Any, colleague: Any) -> None:
    assert not has_more_rights(colleague, agent), "as many"
    user.user_permissions.add(Permission.objects.get(codename="impersonate"))
    assert has_more_rights(type(user).objects.get(pk=user.pk), agent)
    assert not may_help(agent, type(user).objects.get(pk=user.pk))


def test_an_agent_helps_others_and_not_oneself(user: Any, agent: Any) -> None:
    assert may_help(agent, user)
    assert not may_help(agent, agent)


def test_a_case_is_open_for_half_an_hour_to_its_agent_alone(user: Any, agent: Any, colleague: Any) -> None:
    with time_machine.travel(NOW, tick=False):
        case = open_case(agent=agent, term=user.email)
        assert (case.opened_at, case.expires_at) == (NOW, NOW + HOUR / 2)
        assert verify_case(case, agent) == user
        assert refused(verify_case, case=case, agent=colleague) == "case_closed"
    with time_machine.travel(NOW + HOUR / 2 - timedelta(seconds=1), tick=False):
        assert verify_case(case, agent) == user
    with time_machine.travel(NOW + HOUR / 2, tick=False):
        assert refused(verify_case, case=case, agent=agent) == "case_closed"


def test_a_case_of_an_account_that_is_gone_is_about_nobody(user: Any, agent: Any) -> None:
    case = open_case(agent=agent, term=user.email)
    user.delete()
    case.refresh_from_db()
    assert refused(verify_case, case=case, agent=agent) in ("nobody", "case_closed")
    Case.objects.filter(pk=case.pk).update(user_id=10**9)
    case.refresh_from_db()
    assert refused(verify_case, case=case, agent=agent) == "nobody"


def test_a_search_that_finds_nobody_is_noted_with_what_was_searched_for(agent: Any) -> None:
    assert refused(open_case, agent=agent, term="  nobody@people.example ") == "nobody"
    case = Case.objects.get()
    assert (case.user_id, case.agent_id) == (None, agent.pk)
    event = Event.objects.get(kind=Event.Kind.HELP_DESK)
    assert (event.user_id, event.actor_id) == (None, agent.pk)
    assert event.data == {"step": "refused: nobody", "case": case.public_id}
    assert event.detail.text == "nobody@people.example"
    assert refused(open_case, agent=agent, term=" ") == "nobody"
    assert refused(open_case, agent=agent, term=agent.email) == "own_account"
    assert not Case.objects.filter(user__isnull=False).exists()


def test_a_search_that_finds_somebody_is_in_their_history(user: Any, agent: Any) -> None:
    case = open_case(agent=agent, term=user.email)
    event = Event.objects.get(kind=Event.Kind.HELP_DESK)
    assert (event.user_id, event.actor_id) == (user.pk, agent.pk)
    assert event.data == {"step": "opened", "case": case.public_id}


# --- How often


@pytest.mark.parametrize(
    ("acts", "minutes", "whose", "allowed"),
    [
        (False, 59, "own", False),
        (False, 60, "own", True),
        (False, 59, "a colleague's", True),
        (True, 59, "own", False),
        (True, 60, "own", True),
        (True, 59, "a colleague's", True),
    ],
)
def test_what_was_done_within_the_hour_counts(
    acts: bool, minutes: int, whose: str, allowed: bool, agent: Any, colleague: Any, user: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "HELP_DESK_SEARCHES_PER_HOUR": 1,
        "HELP_DESK_ACTS_PER_HOUR": 1,
    }
    at, by = NOW - timedelta(minutes=minutes), agent if whose == "own" else colleague
    case = Case.objects.create(agent=by, user=user, opened_at=at, expires_at=NOW)
    CaseReceipt.objects.create(case=case, nonce="n", at=at)
    with time_machine.travel(NOW, tick=False):
        if allowed:
            verify_pace(agent, acts=acts)
        else:
            assert refused(verify_pace, agent=agent, acts=acts) == "too_many"


def test_acts_in_a_case_that_was_opened_long_ago_count_too(agent: Any, user: Any, settings: Any) -> None:
    """Where the setting keeps cases open for a whole shift."""
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "HELP_DESK_CASE_AGE": 8 * HOUR,
        "HELP_DESK_ACTS_PER_HOUR": 2,
    }
    now = timezone.now()
    case = Case.objects.create(agent=agent, user=user, opened_at=now - 7 * HOUR, expires_at=now + HOUR)
    for number in range(2):
        CaseReceipt.objects.create(case=case, nonce=str(number), at=now - timedelta(minutes=number))
    assert refused(verify_pace, agent=agent, acts=True) == "too_many"


# --- A second agent


def test_a_case_asks_once_for_a_second_agent_and_for_itself_alone(
    verified: Case, agent: Any, other_user: Any
) -> None:
    other = open_case(agent=agent, term=other_user.email)
    for _ in range(2):
        ask_for_approval(case=verified, agent=agent)
    asked = verified.approval_asked_at
    assert asked is not None
    other.refresh_from_db()
    assert other.approval_asked_at is None
    steps = Event.objects.filter(kind=Event.Kind.HELP_DESK, data__step="approval asked for")
    assert [event.data["case"] for event in steps] == [verified.public_id]


def test_nobody_asks_for_the_case_of_another_agent(verified: Case, colleague: Any) -> None:
    assert refused(ask_for_approval, case=verified, agent=colleague) == "case_closed"
    verified.refresh_from_db()
    assert verified.approval_asked_at is None


def test_who_agreed_is_on_the_case_and_in_its_history(
    verified: Case, agent: Any, colleague: Any, user: Any, other_user: Any
) -> None:
    other = open_case(agent=agent, term=other_user.email)
    ask_for_approval(case=verified, agent=agent)
    Case.objects.filter(pk=verified.pk).update(code_salt="salt")
    for _ in range(2):
        approve(case=verified, approver=colleague, user=user)
    assert (verified.proof, verified.approver_id) == ("second_agent", colleague.pk)
    assert verified.is_proven and verified.code_salt == ""
    other.refresh_from_db()
    assert not other.is_proven
    (event,) = Event.objects.filter(kind=Event.Kind.HELP_DESK, data__step="proven")
    assert (event.user_id, event.actor_id) == (user.pk, colleague.pk)
    assert event.data == {"step": "proven", "case": verified.public_id, "proof": "second_agent"}


@pytest.mark.parametrize("field", ["ticket", "reason"])
def test_nobody_agrees_to_what_was_changed_since_they_have_read_it(
    field: str, verified: Case, agent: Any, colleague: Any, user: Any
) -> None:
    ask_for_approval(case=verified, agent=agent)
    others: dict[str, Any] = {
        "ticket": "INC-8",
        "reason": next(reason for reason in Case.Reason if reason != verified.reason),
    }
    Case.objects.filter(pk=verified.pk).update(**{field: others[field]})
    approve(case=verified, approver=colleague, user=user)
    assert not verified.is_proven


def test_a_look_at_the_list_is_noted_once_for_each_case_and_agent(
    agent: Any, colleague: Any, user: Any, other_user: Any
) -> None:
    first, second = (open_case(agent=agent, term=person.email) for person in (user, other_user))
    note_looks(cases=[first], agent=colleague)
    note_looks(cases=[first, second], agent=colleague)
    note_looks(cases=[first], agent=agent)
    looks = Event.objects.filter(kind=Event.Kind.HELP_DESK, data__step="second agent looked").order_by("pk")
    assert [(event.actor_id, event.user_id, event.data["case"]) for event in looks] == [
        (colleague.pk, user.pk, first.public_id),
        (colleague.pk, other_user.pk, second.public_id),
        (agent.pk, user.pk, first.public_id),
    ]
