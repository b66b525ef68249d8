"""What a measure found, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """One line of the summary. `most`: at most so much; `least`: at least so much."""

    what: str
    figure: float
    most: float | None = None
    least: float | None = None
    unit: str = ""
    note: str = ""

    @property
    def met(self) -> bool:
        return (self.most is None or self.figure <= self.most) and (
            self.least is None or self.figure >= self.least
        )

    def row(self) -> list[str]:
        wanted = f"≤ {number(self.most)}" if self.most is not None else f"≥ {number(self.least or 0)}"
        unit = f" {self.unit}" if self.unit else ""
        verdict = "met" if self.met else "**missed**"
        return [self.what, number(self.figure) + unit, wanted + unit, verdict, self.note]


@dataclass(slots=True)
class Result:
    title: str
    text: str
    head: list[str]
    rows: list[list[str]] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def markdown(self) -> str:
        return f"### {self.title}\n\n{self.text}\n\n{table(self.head, self.rows)}\n"


def number(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 10 else f"{value:,.0f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The first column is text, the others are figures."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def summary(targets: list[Target]) -> str:
    return table(["measure", "figure", "target", "", ""], [target.row() for target in targets])
