"""What a command prints: tables for people, JSON for programs.

Names of devices and user agents come from clients. On a terminal what is not printable would be an order to it, so
people get a mark in its place; JSON escapes it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unicodedata import combining, east_asian_width

from django.core.management.base import CommandParser, OutputWrapper

GAP = "  "
UNKNOWN = "-"
MARK = "\N{REPLACEMENT CHARACTER}"


def add_json(parser: CommandParser, what: str) -> None:
    parser.add_argument("--json", action="store_true", help=f"For programs: {what}.")


@contextmanager
def for_whoever_reads(out: OutputWrapper) -> Iterator[None]:
    """Be content where nobody reads on, as with `| head`: what was asked for was there."""
    try:
        yield
        out.flush()
    except BrokenPipeError:
        # Python flushes once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_json_lines(out: OutputWrapper, records: Iterable[Mapping[str, Any]]) -> None:
    """Write a record a line, each as soon as it is there (https://jsonlines.org)."""
    for record in records:
        out.write(json.dumps(record))


def write_json(out: OutputWrapper, document: Mapping[str, Any]) -> None:
    out.write(json.dumps(document, indent=2))


def write_table(out: OutputWrapper, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write rows below their heads, each column as wide as its widest cell."""
    cells = [[text_of(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        out.write(GAP.join(padded).rstrip())


def write_fields(out: OutputWrapper, fields: Iterable[tuple[str, Any]], indent: str = "") -> None:
    """Write a field a line, those that say nothing left out."""
    said = [(name, text_of(value)) for name, value in fields if value not in (None, "", [], {})]
    width = max((len(name) for name, _text in said), default=0) + 1
    for name, text in said:
        out.write(f"{indent}{name + ':':<{width}}{GAP}{text}")


def text_of(value: Any) -> str:
    """Return a value as one line that is safe on a terminal; a dash for what is unknown."""
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(text_of, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {text_of(each)}" for name, each in value.items())
    return "".join(char if char.isprintable() else MARK for char in str(value))


def _width(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
