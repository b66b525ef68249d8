"""Cells of a CSV file that a spreadsheet shows and does not calculate."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable
from io import StringIO
from typing import Any

# What a spreadsheet takes for the beginning of a formula (CWE-1236; OWASP, "CSV Injection"); the wide forms where it
# speaks Chinese or Japanese.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Where it goes by the list separator of its country, a semicolon or a tab begins a cell, and a break a row, whatever
# quotes the commas have: "x;=1+1" is two cells.
INNER = re.compile(r"""([;\t\r\n][\s"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""")


def cell(value: Any) -> str:
    """Return a value as a cell that no spreadsheet takes for a formula: an apostrophe stands before one that would be,
    also in the middle, where another separator than the comma would begin a cell.

    Numbers and texts alike, because a reader cannot tell them apart.
    """
    if value is None:
        return ""
    text = json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else str(value)
    text = INNER.sub(r"\1'", text)
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    """Return the rows as lines of a CSV file."""
    text = StringIO()
    csv.writer(text).writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()
