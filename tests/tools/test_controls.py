"""docs/security.md says of each control what the tests show, and no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tools.controls import (
    DATA,
    PAGE,
    SETTINGS,
    Control,
    MarkedTest,
    Standard,
    Status,
    documented_settings,
    marked,
    markers,
    problems,
    shown_by,
    standards,
    written,
)

TABLES = standards(DATA.read_text())
SHOWN = marked()
DOCUMENTED = documented_settings(SETTINGS.read_text())


def test_nothing_that_the_page_says_is_untrue() -> None:
    assert problems(TABLES, SHOWN, DOCUMENTED) == []


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text()
    assert page == written(page, TABLES, SHOWN, DOCUMENTED), "run: make controls"


def test_each_of_the_19_requirements_of_asvs_v7_is_met_with_a_test_of_its_own() -> None:
    (asvs,) = (table for table in TABLES if table.key == "asvs")
    expected = {
        f"ASVS 7.{section}.{number}"
        for section, last in enumerate([3, 4, 2, 5, 3, 2], start=1)
        for number in range(1, last + 1)
    }
    assert {row.id for row in asvs.controls} == expected and len(expected) == 19
    assert all(row.status is Status.MET and SHOWN[row.id] for row in asvs.controls)


def test_what_is_not_met_says_why() -> None:
    unmet = [row for table in TABLES for row in table.controls if row.status is not Status.MET]
    short = [row.id for row in unmet if len(row.does) < 30]
    assert short == []


def test_every_marked_test_is_one_that_pytest_collects() -> None:
    """The markers are read from the source: a test that pytest does not know would be none. Once for all files."""
    tests = {f"{test.file}::{test.name.replace('.', '::')}" for tests in SHOWN.values() for test in tests}
    files = sorted({name.partition("::")[0] for name in tests})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)
    collected = {line.partition("[")[0] for line in done.stdout.splitlines()}
    assert tests - collected == set(), done.stderr


# --- Each rule, broken once

KNOWN = {"IDLE_TIMEOUT": "how-long"}
SHOWS = {"X 1": [MarkedTest("tests/test_x.py", "test_it")]}


def table(*rows: Control, all_met: int | None = None) -> list[Standard]:
    return [Standard(key="x", name="X", controls=rows, all_met=all_met)]


def row(name: str = "X 1", **fields: object) -> Control:
    return Control(**{"id": name, "gist": "something", "does": "this", **fields})  # type: ignore[arg-type]


def test_a_sound_table_has_no_problem() -> None:
    rows = [row(settings=("IDLE_TIMEOUT", "SESSION_COOKIE_SECURE")), row("X 2", like=("X 1",))]
    assert problems(table(*rows), SHOWS, KNOWN) == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row("X 2"), row()], "X 2 is met, and no test shows it"),
        ([row(), row()], "X 1 stands in two rows"),
        ([row("X 2", status=Status.HOST)], "test_it is marked for X 1, which is no row"),
        ([row(settings=("IDLE",))], "X 1 names IDLE, which is no setting"),
        ([row(), row("X 2", like=("X 3",))], "X 2 is like X 3, which no test shows"),
    ],
)
def test_a_row_that_is_untrue_is_named(rows: list[Control], said: str) -> None:
    assert problems(table(*rows), SHOWS, KNOWN) == [said]


@pytest.mark.parametrize("status", [Status.IN_PART, Status.HOST, Status.NOT_MET])
def test_what_is_not_met_needs_no_test(status: Status) -> None:
    assert problems(table(row(), row("X 2", status=status)), SHOWS, KNOWN) == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row()], "X has 2 rows, not 1"),
        ([row(), row("X 2", status=Status.IN_PART)], "X 2 must be met, with a test of its own"),
        ([row(), row("X 2", like=("X 1",))], "X 2 must be met, with a test of its own"),
    ],
)
def test_where_all_rows_must_be_met_one_that_is_not_is_named(rows: list[Control], said: str) -> None:
    assert problems(table(*rows, all_met=2), SHOWS, KNOWN) == [said]


MARKED = """
import pytest

@pytest.mark.control("X 1", "X 2")
@pytest.mark.django_db
def test_one(): ...

@pytest.mark.control("X 3")
async def test_two(): ...

class Contract:
    @pytest.mark.control("X 1")
    def test_three(self): ...
"""


def test_markers_are_found_on_functions_and_methods(tmp_path: Path) -> None:
    assert list(markers(MARKED)) == [
        ("test_one", ["X 1", "X 2"]),
        ("test_two", ["X 3"]),
        ("Contract.test_three", ["X 1"]),
    ]
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text(MARKED)
    (tmp_path / "tests" / "helpers.py").write_text(MARKED)
    found = marked(tmp_path / "tests", tmp_path)
    assert [test.name for test in found["X 1"]] == ["test_one", "Contract.test_three"]


@pytest.mark.parametrize(
    "source",
    [
        '@pytest.mark.control("X 1")\ndef helper(): ...',
        '@pytest.mark.control("X 1")\nclass TestIt:\n    def test_it(self): ...',
        'pytestmark = pytest.mark.control("X 1")\ndef test_it(): ...',
        "@pytest.mark.control()\ndef test_it(): ...",
        "@pytest.mark.control(NAME)\ndef test_it(): ...",
        '@pytest.mark.control("X 1", why="so")\ndef test_it(): ...',
    ],
)
def test_a_marker_that_shows_nothing_is_an_error(source: str) -> None:
    with pytest.raises(ValueError, match=r"marked|control"):
        list(markers(source))


def test_tests_stand_file_by_file_and_after_them_what_they_are_like() -> None:
    shown = {"X 1": [MarkedTest("tests/a/test_a.py", "test_1"), MarkedTest("tests/a/test_a.py", "test_2")]}
    assert shown_by(row(like=("X 2",)), shown) == (
        "[a/test_a.py](../tests/a/test_a.py): `test_1`, `test_2`; as X 2"
    )


def test_a_page_without_a_place_for_a_table_is_an_error() -> None:
    with pytest.raises(ValueError, match="no place for summary"):
        written("# Security\n", TABLES, SHOWN, DOCUMENTED)
