"""Phone, tablet or computer, where neither a program nor a machine of its own has been named."""

from __future__ import annotations

from sessions_ui.client.evidence import Evidence

# `Sec-CH-UA-Form-Factors`, the most telling first: a convertible may send several.
FORM_FACTORS = {"Watch": "watch", "Tablet": "tablet", "Mobile": "phone", "Desktop": "computer"}
COMPUTERS = frozenset({"Windows", "macOS", "Chrome OS"})
DESKTOPS = ("X11;", "Wayland;")  # how browsers on Linux and the BSDs begin


def find(evidence: Evidence, system: str) -> str:
    """A kind of `Device.Kind`, empty where unknown. `system` is what `systems.find()` said."""
    header, base = evidence.header, evidence.base
    if evidence.machine:
        return evidence.machine.kind
    for factor, kind in FORM_FACTORS.items():
        if factor in evidence.hints.form_factors:
            return kind
    if system in ("iPadOS", "Fire OS"):
        return "tablet"
    if system in ("Android", "HarmonyOS"):
        # user-agents takes Firefox's tablets for phones and every app for a tablet.
        is_phone = "Mobile" in header or evidence.hints.mobile is True or "Opera Mini" in header
        return "phone" if is_phone and "Tablet" not in header else "tablet"
    if system in COMPUTERS or base.is_computer or any(desktop in header for desktop in DESKTOPS):
        return "computer"
    if base.is_phone or (system and "Mobile" in header):
        return "phone"
    return "tablet" if base.is_tablet else ""
