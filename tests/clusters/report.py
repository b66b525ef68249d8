"""What a scenario has counted, and whether it may pass."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.clusters.load import Load

COLUMNS = ("acknowledged", "lost", "wrongly_out", "errors", "seconds", "slowest")


@dataclass
class Report:
    """`seconds`: from the fault to the last error; `slowest`: an answer, in seconds. `wrong` is why it fails."""

    name: str = ""
    acknowledged: int = 0
    lost: int = 0
    wrongly_out: int = 0
    errors: int = 0
    seconds: float = 0
    slowest: float = 0
    notes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def count(self, load: Load, *, since: float) -> None:
        """`since`: when the fault was, by `time.monotonic()`. Before it nothing may fail."""
        errors = load.errors()
        self.acknowledged += len(load.acknowledged)
        self.wrongly_out += load.wrongly_out
        self.errors += len(errors)
        self.seconds = max([self.seconds, *(answer.at + answer.seconds - since for answer in errors)])
        self.slowest = max([self.slowest, *(answer.seconds for answer in load.answers)])
        by_status = Counter((answer.status, answer.words) for answer in errors)
        self.notes += [
            f"{number} x {status or 'no answer'}{' with words' if words else ''}"
            for (status, words), number in by_status.items()
        ]
        self.expect(not [one for one in errors if one.at + one.seconds < since], "errors before the fault")
        self.expect(not self.wrongly_out, f"{self.wrongly_out} wrongly signed out")

    def expect(self, is_so: object, otherwise: str) -> None:
        if not is_so:
            self.wrong.append(otherwise)

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


def as_table(rows: list[dict[str, Any]]) -> str:
    heads = ["acknowledged", "lost", "wrongly signed out", "errors", "s to the last", "slowest answer, s", ""]
    lines = [f"| scenario | {' | '.join(heads)} |", f"|---|{'---:|' * len(COLUMNS)}---|"]
    for row in rows:
        cells = [
            f"{row[column]:,.1f}" if isinstance(row[column], float) else f"{row[column]:,}"
            for column in COLUMNS
        ]
        lines.append(f"| {row['name']} | {' | '.join(cells)} | {', '.join(row['notes'])} |")
    return "\n".join(lines)
