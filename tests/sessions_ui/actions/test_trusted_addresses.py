"""Which addresses are told what happens, which prove who somebody is, and who asks for which."""

from __future__ import annotations

import ast
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.utils import timezone

from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.actions.trusted_addresses import (
    answers_for,
    receivers_of,
    recovers_by,
    told_about,
    told_addresses,
    trusted_addresses,
)
from sessions_ui.credentials import OwnerAddress, ToldOnly
from tests.conftest import make_person
from tests.models import Event, EventDetail

APP: Path = site.BASE_DIR / "sessions_ui"
ASKING = {
    "told_about": "told",
    "told_addresses": "told",
    "trusted_addresses": "trusted",
    "recovers_by": "trusted",
    "receivers_of": "trusted",
}

Given = OwnerAddress | tuple[str, datetime | None]
_given: list[Given] = []


def given(user: Any) -> list[Given]:
    return _given


def long_ago() -> datetime:
    return timezone.now() - timedelta(days=400)


def lately() -> datetime:
    return timezone.now() - timedelta(days=3)


@pytest.fixture
def addresses(settings: Any, user: Any) -> Any:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ALERT_ADDRESSES": f"{__name__}.given"}

    def of(*known: Given) -> tuple[list[str], list[str]]:
        """Those that are told, and those that are trusted."""
        _given[:] = known
        return told_addresses(user), trusted_addresses(user)

    return of


@pytest.mark.django_db
def test_what_says_nothing_about_recovery_does_both(addresses: Any) -> None:
    assert addresses(("a@x.example", None), ("b@x.example", lately())) == (["a@x.example"], ["a@x.example"])


@pytest.mark.django_db
def test_one_that_the_owner_removed_is_told_and_not_trusted(addresses: Any, user: Any, settings: Any) -> None:
    removed = OwnerAddress("old@x.example", long_ago(), recovers=False)
    told, trusted = addresses(removed, ("new@x.example", long_ago()))
    assert told == ["new@x.example", "old@x.example"] and trusted == ["new@x.example"]
    assert recovers_by(user, "NEW@x.example") is True and recovers_by(user, "old@x.example") is False
    assert recovers_by(user, "whose@x.example") is False, "no book has it"
    assert [isinstance(each, ToldOnly) for each in told] == [False, True]
    settings.SESSIONS_UI = {k: v for k, v in settings.SESSIONS_UI.items() if k != "ADDRESS_BOOK"}
    assert recovers_by(user, "whose@x.example") is None


@pytest.mark.django_db
def test_without_a_book_only_a_change_of_the_accounts_own_address_says_that_it_was_taken_away(
    user: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {k: v for k, v in settings.SESSIONS_UI.items() if k != "ADDRESS_BOOK"}
    beside = Event.objects.create(kind=Event.Kind.CREDENTIAL_CHANGED, user=user, data={"by_owner": False})
    EventDetail.objects.create(event=beside, text="old@x.example")
    assert recovers_by(user, "old@x.example") is None
    change = Event.objects.create(kind=Event.Kind.EMAIL_CHANGED, user=user, data={"by_owner": False})
    EventDetail.objects.create(event=change, text="old@x.example")
    assert recovers_by(user, "old@x.example") is True


@pytest.mark.django_db
def test_beside_one_that_is_left_the_oldest_of_the_others_counts_however_young(addresses: Any) -> None:
    """Else the owner of a new mailbox could not get back in, and would not be told."""
    removed = OwnerAddress("old@x.example", long_ago(), recovers=False)
    told, trusted = addresses(removed, ("new@x.example", lately()))
    assert told == ["new@x.example", "old@x.example"] and trusted == ["new@x.example"]


@pytest.mark.django_db
def test_one_that_a_thief_removed_keeps_the_thiefs_from_counting(addresses: Any) -> None:
    removed = OwnerAddress("old@x.example", long_ago(), recovers=True)
    told, trusted = addresses(removed, ("evil@x.example", lately()))
    assert told == trusted == ["old@x.example"]


@pytest.mark.django_db
def test_where_nothing_is_left_nobody_is_trusted(addresses: Any) -> None:
    assert addresses(OwnerAddress("old@x.example", long_ago(), recovers=False)) == (["old@x.example"], [])


@pytest.fixture
def robot(user: Any, other_user: Any) -> Any:
    """A service account. Who answers for it is neither the first nor the last of all people."""
    robot = make_person("robot@people.example")
    make_service_account(user=robot, owner=other_user)
    make_person("alan@people.example")
    return robot


@pytest.mark.django_db
def test_of_a_service_account_its_owner_is_told_and_nobody_else(robot: Any, other_user: Any) -> None:
    assert answers_for(robot) == other_user
    assert told_about(robot) == receivers_of(robot.pk) == [other_user.email]


@pytest.mark.django_db
def test_a_person_answers_for_themselves_beside_service_accounts(
    robot: Any, user: Any, other_user: Any
) -> None:
    for person in (user, other_user):
        assert answers_for(person) == person
        assert told_about(person) == receivers_of(person.pk) == [person.email]


@pytest.mark.django_db
def test_a_service_account_that_nobody_answers_for_any_more_answers_for_itself(
    robot: Any, other_user: Any
) -> None:
    other_user.delete()
    assert answers_for(robot) == robot
    assert told_about(robot) == receivers_of(robot.pk) == [robot.email]


@pytest.mark.django_db
def test_an_account_is_told_at_its_own_address_and_at_the_trusted_ones_where_it_has_none(
    addresses: Any, user: Any
) -> None:
    addresses(("long.hers@x.example", long_ago()))
    assert receivers_of(user.pk) == [user.email]
    user.email = ""
    user.save()
    assert receivers_of(user.pk) == ["long.hers@x.example"]


@pytest.mark.django_db
def test_of_an_account_that_is_gone_nobody_is_told(user: Any, other_user: Any) -> None:
    key = user.pk
    user.delete()
    assert receivers_of(key) == []


def callers() -> set[tuple[str, str]]:
    """The modules that ask, and what for."""
    found = set()
    for path in APP.rglob("*.py"):
        name = str(path.relative_to(APP))
        if name == "actions/trusted_addresses.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ASKING:
                found.add((name, ASKING[node.func.id]))
    return found


def test_the_documentation_lists_everybody_who_asks() -> None:
    """A new caller has to say whether it tells or lets somebody in."""
    page = (site.BASE_DIR / "docs" / "risk.md").read_text()
    rows = re.findall(r"^\| `([\w/]+\.py)` \| ((?:told|trusted)[^|]*) \|", page, re.MULTILINE)
    assert {(name, what) for name, asked in rows for what in asked.split(", ")} == callers()
