"""Cells that no spreadsheet calculates, whichever separator it goes by."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from sessions_ui.wording.spreadsheet import FORMULA, cell, csv_text


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    "text",
    ["=1+1", "x;=1+1;", "x;;@A1", "x; =1+1;", "x\t+1", "x\n=1+1", 'x;"=1+1";', "x;\uff1d1", "\t=1", ";=1"],
)
def test_no_cell_begins_as_a_formula(text: str, separator: str) -> None:
    [*rows] = csv.reader(StringIO(csv_text([["1", text, "y, z"]]), newline=""), delimiter=separator)
    assert [part for row in rows for part in row if part.strip(' "').startswith(FORMULA)] == []


@pytest.mark.parametrize("text", ["Ada; the first", "a=b", "2026-11-30", "one; two-three", "a - b", ""])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert cell(text) == text
