"""How much of the corpus the rules get right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sessions_ui.client import Client, client_info
from tests.sessions_ui.client.corpus import Entry

# The least share of each, in percent; a wrong version is never allowed.
TARGETS = {"browser": 98.0, "kind": 98.0, "system": 99.0, "version": 100.0}


@dataclass(slots=True)
class Score:
    """Entries and misses by part. `versions` are those of browser and system together; `told` how many of the known
    ones were told, exactly or in part."""

    entries: int = 0
    missed: dict[str, list[Entry]] = field(
        default_factory=lambda: {part: [] for part in ("browser", "kind", "system", "version", "model")}
    )
    models: int = 0
    versions: int = 0
    told: int = 0

    def percent(self, part: str) -> float:
        of = self.models if part == "model" else self.entries
        return 100 * (1 - len(self.missed[part]) / of) if of else 100.0


def describe(entry: Entry) -> Client:
    return client_info(entry.meta).client


def score(entries: Iterable[Entry]) -> Score:
    """Of those that can be known from the headers."""
    result = Score()
    for entry in entries:
        if entry.unknowable:
            continue
        client = describe(entry)
        result.entries += 1
        for part in ("browser", "kind", "system"):
            if getattr(client, part) != getattr(entry, part):
                result.missed[part].append(entry)
        pairs = [
            (entry.browser_version, client.browser_version),
            (entry.system_version, client.system_version),
        ]
        if not all(is_right_or_unknown(truth, said) for truth, said in pairs):
            result.missed["version"].append(entry)
        result.versions += sum(bool(truth) for truth, _ in pairs)
        result.told += sum(bool(truth and said) for truth, said in pairs)
        if entry.model is not None:
            result.models += 1
            if not is_model(entry.model, client.model):
                result.missed["model"].append(entry)
    return result


def is_right_or_unknown(truth: str, said: str) -> bool:
    """Less exact is right: "141" of "141.0.7390.54"."""
    return not said or f"{truth}.".startswith(f"{said}.")


def is_model(truth: str, said: str) -> bool:
    """Apple's apps say more than the corpus: "iPhone15,3" is an iPhone."""
    return said == truth or (truth in ("iPhone", "iPad") and said.startswith(truth))
