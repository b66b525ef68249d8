"""A change from end to end, at the bench and in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mutants.__main__ import ROOT
from tests.mutants.operators import mutants_of
from tests.mutants.results import SURVIVED, Case
from tests.mutants.workshop import Workshop

MODULE = "models/codes.py"
TESTS = "tests/sessions_ui/actions/test_one_time_codes.py"
OF_THE_RELEASE_BEFORE = f"{TESTS}::test_codes_that_the_release_before_has_mailed_are_right"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    workshop = Workshop.made(ROOT, tmp_path_factory.mktemp("workshop"), [TESTS])
    yield workshop
    workshop.close()


def outcome_of(workshop: Workshop, original: str, left_out: tuple[str, ...] = ()) -> str:
    source = (ROOT / "sessions_ui" / MODULE).read_text()
    mutant = next(mutant for mutant in mutants_of(source) if mutant.original == original)
    outcome = workshop.outcome_of(Case.of(MODULE, source, mutant), [TESTS], left_out=left_out, seconds=100)
    assert (workshop.tree / "sessions_ui" / MODULE).read_text() == source
    return outcome


def test_a_change_that_a_test_notices_is_told_with_its_test(workshop: Workshop) -> None:
    assert outcome_of(workshop, 'algorithm="sha256"').startswith(TESTS)


def test_a_change_that_no_test_notices_has_survived_and_none_stays_behind(workshop: Workshop) -> None:
    assert outcome_of(workshop, 'algorithm="sha256"').startswith(TESTS)
    assert outcome_of(workshop, "16") == SURVIVED


def test_a_test_that_is_left_out_notices_nothing(workshop: Workshop) -> None:
    assert outcome_of(workshop, 'algorithm="sha256"', (OF_THE_RELEASE_BEFORE,)) != OF_THE_RELEASE_BEFORE


def test_what_runs_at_import_is_tried_in_a_process_of_its_own(workshop: Workshop) -> None:
    assert outcome_of(workshop, "6") == OF_THE_RELEASE_BEFORE
