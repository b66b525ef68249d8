"""What holds for which kind of session, row by row."""

from __future__ import annotations

from dataclasses import astuple, fields

from sessions_ui.actions.sessions.kinds import RULES, Rules, kinds_with, rules_of
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
    assert rules_of(Session(kind="of a later release")) == RULES["browser"]


def test_kinds_for_sql() -> None:
    assert kinds_with("is_limited") == ["browser"]
    assert kinds_with("times_out") == ["browser", "app"]
