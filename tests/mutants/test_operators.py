"""The changes themselves: what is made of a text, and what is left alone."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.operators import mutants_of

EVERYTHING = '''
"""A module."""
LIMIT = 5


@atomically
def end(rows, user, reason: Literal[3] = "x"):
    """Ends."""
    if rows is None or user.is_staff:
        return 0
    logger.info("ending", extra={"ü": 1, "x": 2})
    rows.filter(user=user, ended_at__isnull=True).using("default")
    return {"é": LIMIT, "reason": reason}
'''


def test_each_kind_of_change_is_made_once_where_it_fits() -> None:
    made = {(mutant.operator, mutant.original, mutant.changed) for mutant in mutants_of(EVERYTHING)}
    assert made == {
        ("number", "5", "6"),
        ("decorator", "@atomically", "dropped"),
        ("condition", "rows is None or user.is_staff", "(not (rows is None or user.is_staff))"),
        ("and/or", "rows is None or user.is_staff", "rows is None and user.is_staff"),
        ("operand", "rows is None", "dropped"),
        ("operand", "user.is_staff", "dropped"),
        ("comparison", "rows is None", "rows is not None"),
        ("early exit", "return 0", "dropped"),
        ("number", "0", "1"),
        ("statement", 'rows.filter(user=user, ended_at__isnull=True).using("default")', "dropped"),
        ("keyword", "user=user", "dropped"),
        ("keyword", "ended_at__isnull=True", "dropped"),
        ("entry", '"é": LIMIT', "dropped"),
        ("entry", '"reason": reason', "dropped"),
    }


def test_every_change_is_valid_python_and_another_program() -> None:
    before = ast.dump(ast.parse(EVERYTHING))
    for mutant in mutants_of(EVERYTHING):
        assert ast.dump(ast.parse(mutant.applied_to(EVERYTHING))) != before, mutant


@pytest.mark.parametrize(
    "source",
    [
        "class Session(Model):\n    user = ForeignKey(null=True)\n    class Meta:\n        ordering = ['a', 'b']\n",
        "if TYPE_CHECKING:\n    LIMIT = 5\n",
        "text = f'{5 if x else 6}'\n",
        "BATCH = 100\n",
        "assert row is not None and row.pk == 5, 'looked up'\n",
        "@dataclass(frozen=True)\nclass A:\n    x: Literal[1, 2]\n",
    ],
)
def test_the_schema_types_and_texts_are_left_alone(source: str) -> None:
    assert mutants_of(source) == []
