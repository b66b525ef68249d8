"""Cells of a CSV file that a spreadsheet shows and does not calculate."""

from __future__ import annotations

import json
from typing import Any

# What a spreadsheet takes for the beginning of a formula (CWE-1236; OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> str:
    """Return a value as a cell that no spreadsheet takes for a formula: an apostrophe stands before one that would be.

    Numbers and texts alike, because a reader cannot tell them apart.
    """
    if value is None:
        return ""
    text = json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
