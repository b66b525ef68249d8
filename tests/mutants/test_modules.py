"""The table of modules and their tests: a path that is wrong would make every change look noticed."""

from __future__ import annotations

import pytest

from tests.mutants.__main__ import ROOT
from tests.mutants.modules import TESTS
from tests.mutants.operators import mutants_of
from tests.mutants.results import Case, accepted


def test_every_module_and_every_test_of_the_table_is_there() -> None:
    modules = [ROOT / "sessions_ui" / module for module in TESTS]
    tests = [ROOT / path.partition("::")[0] for paths in TESTS.values() for path in paths]
    assert [path for path in modules + tests if not path.exists()] == []


@pytest.mark.long
def test_every_accepted_survivor_is_a_change_to_the_code_as_it_is() -> None:
    """An entry about code that is gone excuses nothing, and hides that its successor survives."""
    sources = {module: (ROOT / "sessions_ui" / module).read_text() for module in TESTS}
    possible = {
        Case.of(module, source, mutant).identity
        for module, source in sources.items()
        for mutant in mutants_of(source)
    }
    assert sorted(accepted().keys() - possible) == []
