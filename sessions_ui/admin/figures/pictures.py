"""Bar charts as SVG, drawn by the server: rectangles with numbers, and the same as a table for people who read
tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

LEFT = 130  # of the bars, in the units of the drawing: their labels come before
WIDTH = 300  # of the longest bar
ROW = 28
COLUMN = 40
HEIGHT = 120  # of the highest column


@dataclass(frozen=True, slots=True)
class Bar:
    """A horizontal bar: its label, its number, where it is drawn."""

    label: str
    number: int
    y: int
    width: int

    @property
    def end(self) -> int:
        """Where its number is written: behind it, and before the edge of the drawing."""
        return LEFT + self.width + 6


@dataclass(frozen=True, slots=True)
class Bars:
    title: str
    head: str
    bars: list[Bar]

    @property
    def height(self) -> int:
        return ROW * len(self.bars)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a column, from the bottom up. `tone` picks its colour, 1 to 3."""

    tone: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Column:
    """One day: its numbers in the order of the series."""

    day: date
    numbers: list[int]
    x: int
    parts: list[Part]

    @property
    def total(self) -> int:
        return sum(self.numbers)

    @property
    def top(self) -> int:
        """Where its number is written: above it."""
        return min(part.y for part in self.parts)


@dataclass(frozen=True, slots=True)
class Columns:
    title: str
    series: list[str]
    columns: list[Column]
    highest: int

    @property
    def width(self) -> int:
        return COLUMN * len(self.columns)


def bars(title: str, head: str, numbers: Iterable[tuple[str, int]], *, most: int, rest: str) -> Bars:
    """Return a chart of at most `most` bars; what would come after them is added up in the last one, called `rest`."""
    rows = list(numbers)
    if len(rows) > most:
        rows = [*rows[: most - 1], (rest, sum(number for _label, number in rows[most - 1 :]))]
    top = max((number for _label, number in rows), default=0) or 1
    drawn = [
        Bar(label, number, y=index * ROW, width=max(round(WIDTH * number / top), 1 if number else 0))
        for index, (label, number) in enumerate(rows)
    ]
    return Bars(title, head, drawn)


def columns(title: str, series: list[str], days: Iterable[tuple[date, list[int]]]) -> Columns:
    """Return a chart with a column for each day; its parts, one for each series, are stacked."""
    rows = list(days)
    highest = max((sum(numbers) for _day, numbers in rows), default=0) or 1
    drawn = []
    for index, (day, numbers) in enumerate(rows):
        parts, top = [], HEIGHT
        for tone, number in enumerate(numbers, start=1):
            height = round(HEIGHT * number / highest)
            top -= height
            parts.append(Part(tone, y=top, height=height))
        drawn.append(Column(day, numbers, x=index * COLUMN, parts=parts))
    return Columns(title, series, drawn, highest)
