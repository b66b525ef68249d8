"""Two people are needed, not two accounts of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from sessions_ui import context
from sessions_ui.actions.incidents.approve import approve_incident, is_of_somebody_else
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.actions.tokens.create import NewToken
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.actions.tokens.service_accounts import make_service_account, transfer_service_account
from sessions_ui.exceptions import IncidentRefusal, IncidentRefused
from tests.conftest import make_person
from tests.models import Incident
from tests.sessions_ui.actions.tokens.conftest import make_token

__all__ = ["make_token"]
pytestmark = pytest.mark.django_db
SCOPES = ["incidents:order"]


def responder(name: str, **fields: Any) -> Any:
    person = make_person(f"{name}@staff.example", **{"is_staff": True} | fields)
    person.user_permissions.add(Permission.objects.get(codename="order_incident"))
    return person


@pytest.fixture
def pat(settings: Any, db: None) -> Any:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "INCIDENT_APPROVAL_ABOVE": 0}
    return responder("pat")


@pytest.fixture
def quinn(db: None) -> Any:
    return responder("quinn")


def robot_of(owner: Any, name: str = "robot") -> Any:
    robot = responder(name, is_staff=False)
    make_service_account(user=robot, owner=owner)
    return robot


@contextmanager
def by(made: NewToken) -> Iterator[Any]:
    """A request by this token."""
    now = context.Acting()
    now.bearer = authenticate_token(made.value)
    token = context.begin(now)
    try:
        yield now.bearer
    finally:
        context.finish(token)


def order_by(made: NewToken, user: Any, **said: Any) -> Incident:
    with by(made) as bearer:
        criteria = Criteria(users=(str(user.pk),))
        return order_incident(criteria=criteria, note="leaked", actor=bearer.user, **said)


def refused(incident: Incident, actor: Any) -> bool:
    try:
        approve_incident(incident=incident, actor=actor)
    except IncidentRefused as error:
        assert error.reason is IncidentRefusal.SAME_PERSON
        assert not is_of_somebody_else(incident, actor)
        assert Incident.objects.get(pk=incident.pk).state is Incident.State.WAITING
        return True
    return False


@pytest.mark.parametrize("include_own", [False, True])
def test_whoever_answers_for_the_program_is_not_somebody_else(
    include_own: bool, pat: Any, quinn: Any, user: Any, make_token: Any
) -> None:
    incident = order_by(make_token(robot_of(pat), scopes=SCOPES), user, include_own=include_own)
    assert refused(incident, pat)
    assert is_of_somebody_else(incident, quinn) and not refused(incident, quinn)


@pytest.mark.parametrize("include_own", [False, True])
def test_nor_is_whoever_has_had_the_value_of_the_token(
    include_own: bool, pat: Any, quinn: Any, user: Any, make_token: Any
) -> None:
    robot = robot_of(quinn)
    incident = order_by(make_token(robot, scopes=SCOPES, actor=pat), user, include_own=include_own)
    assert refused(incident, pat) and refused(incident, quinn)
    assert not refused(incident, responder("rae"))


def test_nor_whoever_has_renewed_it(pat: Any, quinn: Any, user: Any, make_token: Any) -> None:
    made = make_token(robot_of(quinn), scopes=SCOPES)
    assert refused(order_by(rotate_token(token=made.token, actor=pat), user), pat)


def test_nor_the_person_behind_the_program_that_has_made_it(
    pat: Any, quinn: Any, user: Any, make_token: Any
) -> None:
    made = make_token(robot_of(quinn), scopes=SCOPES, actor=robot_of(pat, "maker"))
    assert refused(order_by(made, user), pat)


def test_another_token_of_the_account_says_nothing_where_it_is_known_which_one_it_was(
    pat: Any, quinn: Any, user: Any, make_token: Any
) -> None:
    robot = robot_of(quinn)
    make_token(robot, scopes=SCOPES, actor=pat)
    ordering = make_token(robot, scopes=SCOPES)
    assert not refused(order_by(ordering, user), pat)
    assert refused(order_by(ordering, user, include_own=True), pat)


def test_a_transfer_in_between_makes_nobody_somebody_else(
    pat: Any, quinn: Any, user: Any, make_token: Any
) -> None:
    robot = robot_of(pat)
    incident = order_by(make_token(robot, scopes=SCOPES), user)
    row = make_service_account(user=robot, owner=pat)
    transfer_service_account(account=row, owner=quinn, actor=pat)
    assert refused(incident, pat) and refused(incident, quinn)


def test_two_programs_of_one_person_are_one(pat: Any, quinn: Any, user: Any, make_token: Any) -> None:
    incident = order_by(make_token(robot_of(pat), scopes=SCOPES), user)
    assert refused(incident, robot_of(pat, "second"))
    assert not refused(incident, robot_of(quinn, "third"))


def test_nor_is_the_program_of_whoever_ordered_it(pat: Any, user: Any) -> None:
    criteria = Criteria(users=(str(user.pk),))
    incident = order_incident(criteria=criteria, note="leaked", actor=pat)
    assert refused(incident, robot_of(pat))


@pytest.mark.parametrize("who", ["its owner", "somebody else"])
def test_the_page_offers_it_to_somebody_else_only(
    who: str, pat: Any, user: Any, make_token: Any, browser: Any
) -> None:
    incident = order_by(make_token(robot_of(pat), scopes=SCOPES), user)
    person = pat if who == "its owner" else responder("rae")
    person.user_permissions.add(Permission.objects.get(codename="view_incident"))
    client = browser()
    client.force_login(get_user_model().objects.get(pk=person.pk))
    page = client.get(f"/admin/sessions_ui/incident/{incident.pk}/change/").content.decode()
    assert ("approve/" in page) is (who == "somebody else")
