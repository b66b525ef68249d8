"""The table of modules and their tests: a path that is wrong would make every change look noticed."""

from __future__ import annotations

from tests.mutants.__main__ import ROOT
from tests.mutants.modules import TESTS


def test_every_module_and_every_test_of_the_table_is_there() -> None:
    modules = [ROOT / "sessions_ui" / module for module in TESTS]
    tests = [ROOT / path.partition("::")[0] for paths in TESTS.values() for path in paths]
    assert [path for path in modules + tests if not path.exists()] == []
