"""The corpus itself: large enough, sourced, and half of it held out."""

from __future__ import annotations

import pytest

from tests.models import Device
from tests.sessions_ui.client.corpus import load
from tests.sessions_ui.client.corpus.score import TARGETS, score


def test_the_corpus_is_large_and_no_string_stands_in_it_twice() -> None:
    entries = [entry for entry in load() if not entry.unknowable]
    assert len(entries) >= 500
    assert len({(entry.user_agent, str(entry.hints)) for entry in entries}) == len(entries)


def test_every_entry_names_its_source_and_a_kind_that_exists() -> None:
    for entry in load():
        assert entry.source and "://" not in entry.source
        assert entry.kind in Device.Kind.values


def test_about_half_of_every_large_group_is_held_out() -> None:
    for group in ("computers", "phones", "in_app", "apps", "tools"):
        held_out = [entry.is_held_out for entry in load() if entry.group == group]
        assert 0.3 < sum(held_out) / len(held_out) < 0.7, group


def test_the_second_part_has_600_strings_and_half_of_them_are_held_out() -> None:
    second = [entry for entry in load() if entry.is_of_2026 and not entry.unknowable]
    assert len(second) >= 600
    assert 0.45 < sum(entry.is_held_out for entry in second) / len(second) < 0.55


@pytest.mark.parametrize("held_out", [False, True], ids=["seen", "held out"])
@pytest.mark.parametrize("of_2026", [False, True], ids=["first part", "2025 and 2026"])
def test_the_rules_reach_their_targets(held_out: bool, of_2026: bool) -> None:
    result = score(entry for entry in load() if entry.is_held_out is held_out and entry.is_of_2026 is of_2026)
    assert result.entries > 250
    reached = {part: result.percent(part) for part in TARGETS}
    assert {part: share for part, share in reached.items() if share < TARGETS[part]} == {}


def test_versions_are_mostly_told_not_only_never_wrong() -> None:
    result = score(load())
    assert result.told / result.versions > 0.9
