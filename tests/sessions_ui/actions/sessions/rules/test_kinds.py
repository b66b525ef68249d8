"""What holds for which kind of session, row by row."""

from __future__ import annotations

import re
from dataclasses import astuple, fields
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

import sessions_ui
from sessions_ui.actions.sessions.rules.kinds import RULES, Rules, held_to, rules_for
from tests.models import Session

NAMES = ("has_auth_hash", "times_out", "is_superseded", "is_limited", "is_judged", "may_vouch")


def test_every_kind_has_its_row() -> None:
    assert set(RULES) == set(Session.Kind.values)
    assert tuple(field.name for field in fields(Rules)) == NAMES


def test_the_table() -> None:
    assert {str(kind): astuple(rules) for kind, rules in RULES.items()} == {
        "browser": (True, True, True, True, True, True),
        "app": (True, True, False, False, True, True),
        "token": (False, False, False, False, False, False),
    }


def test_an_unknown_kind_is_held_to_the_rules_of_a_browser() -> None:
    assert rules_for("of a later release") == RULES["browser"]


@pytest.mark.django_db
@pytest.mark.parametrize("rule", NAMES)
def test_the_condition_says_what_the_table_says_of_an_unknown_kind_too(rule: str) -> None:
    kinds = [*Session.Kind.values, "later"]
    Session.objects.bulk_create(
        Session(digest=kind, kind=kind, expires_at=timezone.now() + timedelta(days=1)) for kind in kinds
    )
    held = set(Session.objects.filter(held_to(rule)).values_list("kind", flat=True))
    assert held == {kind for kind in kinds if getattr(rules_for(kind), rule)}


@pytest.mark.parametrize("rule", NAMES)
def test_every_rule_is_asked_by_code(rule: str) -> None:
    """Else the table would promise what nobody keeps."""
    asked = re.compile(rf"""rules_for\([\w.]+\)\.{rule}\b|\brules\.{rule}\b|held_to\("{rule}"\)""")
    rooms = Path(sessions_ui.__file__).parent / "actions"
    assert [path.name for path in rooms.rglob("*.py") if asked.search(path.read_text())]


def test_only_the_table_itself_is_indexed_by_a_kind() -> None:
    """An index has no answer for a kind of a later release."""
    package = Path(sessions_ui.__file__).parent
    users = [path.name for path in package.rglob("*.py") if re.search(r"\bRULES\b.*\bkind", path.read_text())]
    assert users == ["kinds.py"]
