"""What became of each change: kept in a file between runs, and which survivors are accepted."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from tests.mutants.operators import Mutant

SURVIVED, HANGS = "survived", "hangs"


@dataclass(frozen=True, slots=True)
class Case:
    """A change to a module as it is now; `version` is that of the module's text."""

    module: str
    version: str
    mutant: Mutant

    @classmethod
    def of(cls, module: str, source: str, mutant: Mutant) -> Case:
        return cls(module, hashlib.sha256(source.encode()).hexdigest()[:12], mutant)

    @property
    def key(self) -> str:
        return f"{self.module} {self.mutant.start} {self.mutant.operator} {self.mutant.changed}"

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """Without its line: that moves with every edit above it."""
        return self.module, self.mutant.where, self.mutant.original, self.mutant.changed

    def place(self) -> tuple[str, int]:
        return self.module, self.mutant.start

    def rank(self, *, seed: int) -> tuple[str, int]:
        """Its place in an order of chance that an edit elsewhere leaves as it is: a sample stays the same while tests
        are written and code is simplified for it."""
        text = "\n".join([str(seed), *self.identity])
        return hashlib.sha256(text.encode()).hexdigest(), self.mutant.start

    def __str__(self) -> str:
        change = self.mutant
        return (
            f"sessions_ui/{self.module}:{change.line} [{change.where}] {change.original} -> {change.changed}"
        )


class Results:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._modules: dict[str, dict[str, str]] = json.loads(path.read_text()) if path.exists() else {}

    def of(self, case: Case) -> str | None:
        return self._modules.get(self._version(case), {}).get(case.key)

    def add(self, case: Case, outcome: str) -> None:
        """At once into the file: a run may be stopped at any moment."""
        with self._lock:
            self._modules.setdefault(self._version(case), {})[case.key] = outcome
            self._path.parent.mkdir(exist_ok=True)
            beside = self._path.with_suffix(".new")
            beside.write_text(json.dumps(self._modules, indent=1, sort_keys=True))
            beside.replace(self._path)

    @staticmethod
    def _version(case: Case) -> str:
        return f"{case.module} {case.version}"


def accepted() -> dict[tuple[str, str, str, str], str]:
    """Survivors that may survive, with the reason."""
    entries = tomllib.loads((Path(__file__).parent / "accepted.toml").read_text()).get("accepted", [])
    return {
        (entry["module"], entry["where"], entry["original"], entry["changed"]): entry["because"]
        for entry in entries
    }
