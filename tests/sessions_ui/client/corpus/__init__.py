"""The corpus of clients: README.md beside this file tells its fields and conventions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Entry:
    group: str
    source: str
    user_agent: str
    kind: str
    browser: str
    browser_version: str
    system: str
    system_version: str
    model: str | None = None  # None: not judged
    hints: dict[str, str] = field(default_factory=dict)
    unknowable: str = ""

    @property
    def meta(self) -> dict[str, str]:
        """The headers as WSGI's environment has them."""
        hints = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.hints.items()}
        return {"HTTP_USER_AGENT": self.user_agent, **hints}

    @property
    def is_held_out(self) -> bool:
        """A fixed half that looks random: the rules were written without a look at it."""
        return sha256(self.user_agent.encode()).digest()[0] % 2 == 1

    @property
    def is_of_2026(self) -> bool:
        """Of the second part, written before the rules that it judges were changed."""
        return self.group.endswith("_2026")


def load() -> list[Entry]:
    return [
        Entry(group=path.stem, **json.loads(line))
        for path in sorted(FOLDER.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
