"""The bystander has a row of everything, and nothing that happens to one goes unnoticed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model

from sessions_ui import models
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.models import EndReason
from tests.bystander import BUILDERS, Bystander
from tests.models import Session

HERE = Path(__file__).parent
# Suites of their own, in processes of their own.
APART = {"clusters", "openid", "upstream", "users"}


def refers_to_others(model: Any) -> bool:
    return not model._meta.proxy and any(field.is_relation for field in model._meta.concrete_fields)


@pytest.mark.parametrize(
    "name",
    [model.__name__ for model in apps.get_app_config("sessions_ui").get_models() if refers_to_others(model)],
)
def test_every_model_that_refers_to_a_person_or_their_rows_has_one_of_the_bystanders(
    name: str, bystander: Bystander
) -> None:
    assert name in BUILDERS, f"tests/bystander.py: how is a row of {name} made?"


@pytest.mark.django_db
def test_the_rows_of_the_bystander_are_those_of_one_person_and_the_agent_who_serves_them(
    bystander: Bystander,
) -> None:
    person, agent, robot = bystander.keys(get_user_model())
    living, flagged, ended, anonymous, token = models.Session.objects.order_by("pk")
    assert {living.user_id, flagged.user_id, ended.user_id} == {person} and anonymous.user_id is None
    assert [row.is_living for row in (living, flagged, ended)] == [True, True, False]
    assert (living.device.user_id, living.device.confirmed_at is not None) == (person, True)
    assert (token.user_id, token.kind, token.token.name) == (person, "token", "Bystander's script")
    assert models.ServiceAccount.objects.get().user_id == robot
    assert models.Case.objects.get().agent_id == agent
    assert not Session.objects.exists(), "tests.models leaves them out"


@pytest.mark.django_db
@pytest.mark.no_bystander("it has one of its own")
def test_a_row_of_theirs_that_changes_appears_or_goes_is_named(user: Any) -> None:
    bystander = Bystander()
    person, _agent, _robot = bystander.keys(get_user_model())
    assert bystander.changes() == []
    models.Device.objects.filter(user_id=person, lost_at=None).update(name="Mine")
    models.VerificationCode.objects.filter(user_id=person).delete()
    models.Device.objects.create(user_id=person)
    models.Device.objects.create(user_id=user.pk)
    said = sorted(re.sub(r" \d+", "", change) for change in bystander.changes())
    assert said == [
        "Device is new",
        "Device: name was \"Bystander's\" and is 'Mine'",
        "Device: name was '' and is 'Mine'",
        "VerificationCode is gone",
    ]


@pytest.mark.django_db
@pytest.mark.no_bystander("it has one of its own")
def test_what_is_ended_without_asking_whose_it_is_does_not_pass() -> None:
    bystander = Bystander()
    person = get_user_model().objects.get(pk=bystander.keys(get_user_model())[0])
    end_user_sessions(user=person, reason=EndReason.ADMINISTRATOR)
    changed = {change.split()[0] for change in bystander.changes()}
    assert {"Session", "Event", "Delivery"} <= changed


def test_tests_do_not_meet_the_bystander_by_accident() -> None:
    """Models come from tests.models; a test that wants all rows says `models.Session`."""
    files = [file for file in HERE.rglob("*.py") if file.relative_to(HERE).parts[0] not in APART]
    names = "|".join(BUILDERS)
    direct = re.compile(rf"^\s*from sessions_ui\.models import .*\b({names})\b", re.MULTILINE)
    assert [str(file.relative_to(HERE)) for file in files if direct.search(file.read_text())] == []
