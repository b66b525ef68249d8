"""Maker and model, where the header or the hints tell them."""

from __future__ import annotations

import re

from sessions_ui.client.evidence import Evidence
from sessions_ui.client.names import PLACEHOLDER_MODELS

# As the header has it: ua-parser takes the maker's name out of it ("g(30)" of "moto g(30)").
ANDROID_MODEL = re.compile(
    r"Android [\d.]+; (?:[a-z]{2}[-_][A-Za-z]{2}; |HarmonyOS; )?(?:SAMSUNG |HUAWEI )?"
    r"((?:[^;()]|\([^()]*\))+?)(?: Build/|;|\)|$)"
)


def find(evidence: Evidence, system: str) -> tuple[str, str]:
    """Return (maker, model), each empty where unknown. `system` is what `systems.find()` said."""
    machine, base = evidence.machine, evidence.base
    if machine and machine.model:
        return machine.maker, machine.model
    if system == "iPadOS":
        return "Apple", base.model if base.model.startswith("iPad") else "iPad"
    match = ANDROID_MODEL.search(evidence.header)
    model = match[1] if match else base.model
    if model in PLACEHOLDER_MODELS or "rv:" in model:
        return "", evidence.hints.model
    maker = "" if base.maker.startswith("Generic") else base.maker
    if machine and machine.maker:
        return machine.maker, model if machine.maker == maker or match else ""
    return maker, "iPod touch" if model == "iPod" else model or evidence.hints.model
