"""Which tests are left out for a change: never one that could notice it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.lines import Map, statement_at

SOURCE = """\
LIMIT = 5


@atomically
def end(
    user,
    limit=LIMIT,
):
    if (
        user
        is None
    ):
        return 0
    try:
        row = find(
            user=user,
        )
    except (
        KeyError
    ):
        raise
    else:
        note()
    return row


class Store:
    late = True

    def save(self):
        return 1
"""


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        (1, None),
        (4, None),
        (7, None),
        (10, {9, 10, 11, 12}),
        (13, {13}),
        (16, {15, 16, 17}),
        (19, {19}),
        (21, {21}),
        (23, {23}),
        (24, {24}),
        (27, None),
        (28, None),
        (31, {31}),
    ],
)
def test_a_line_is_reached_with_its_statement_and_what_runs_at_import_by_everything(
    line: int, lines: set[int] | None
) -> None:
    found = statement_at(SOURCE, line)
    assert found == lines


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in (("sessions_ui/end.py", SOURCE), ("tests/test_a.py", "a"), ("tests/test_b.py", "b")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    lines = {"tests/test_a.py::test_one": [9, 13], "tests/test_b.py::test_two": [9, 15, 24]}
    Map(tmp_path / "var" / "lines.json", tmp_path).add({"end.py": lines})
    return tmp_path


def left_out(tree: Path, line: int) -> list[str]:
    return Map(tree / "var" / "lines.json", tree).left_out("end.py", line)


def test_tests_that_do_not_execute_the_line_are_left_out(tree: Path) -> None:
    assert left_out(tree, 10) == []
    assert left_out(tree, 13) == ["tests/test_b.py::test_two"]
    assert left_out(tree, 16) == ["tests/test_a.py::test_one"]
    assert left_out(tree, 1) == left_out(tree, 28) == []


def test_a_test_that_has_changed_since_is_not_left_out(tree: Path) -> None:
    (tree / "tests/test_b.py").write_text("b, and more")
    assert left_out(tree, 13) == []
    assert left_out(tree, 16) == ["tests/test_a.py::test_one"]


def test_a_line_that_ran_outside_of_every_test_is_of_all_of_them(tree: Path) -> None:
    """As where a receiver is connected when Django starts: coverage looks on since later, or knows of no test."""
    assert left_out(tree, 31) == []
    Map(tree / "var" / "lines.json", tree).add({"end.py": {"": [31], "tests/test_a.py::test_one": [31]}})
    assert left_out(tree, 31) == []


def test_a_line_that_has_moved_is_the_same_line_and_one_that_has_changed_is_not(tree: Path) -> None:
    module = tree / "sessions_ui/end.py"
    module.write_text("# moved\n" + SOURCE.replace("return row", "return None"))
    assert left_out(tree, 13) == []
    assert left_out(tree, 14) == ["tests/test_b.py::test_two"]
    assert left_out(tree, 25) == [], "nobody knows who reaches it now"
    Map(tree / "var" / "lines.json", tree).add({"end.py": {"tests/test_a.py::test_one": [14]}})
    assert left_out(tree, 14) == [], "what was known of the old one is forgotten"


def test_a_test_that_does_its_work_in_another_process_is_not_left_out(tree: Path) -> None:
    (tree / "tests/test_c.py").write_text("c")
    Map(tree / "var" / "lines.json", tree).add({"end.py": {"tests/test_c.py::test_three": []}})
    assert left_out(tree, 13) == ["tests/test_b.py::test_two"]
