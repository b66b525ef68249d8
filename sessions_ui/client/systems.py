"""Which operating system, and its version where it is not frozen."""

from __future__ import annotations

import re

from sessions_ui.client.evidence import Evidence
from sessions_ui.client.hardware import FIRE_TABLET
from sessions_ui.client.names import FROZEN_IOS, FROZEN_VERSIONS, SYSTEMS, UNTOLD_VERSIONS
from sessions_ui.client.text import version as tidy

# Windows in `Sec-CH-UA-Platform-Version`, by Microsoft's table. 11 and 12 stand for nothing.
OLD_WINDOWS = {"0.1": "7", "0.2": "8", "0.3": "8.1"}
# `Sec-CH-UA-Platform`, all values of the draft but "Unknown".
HINTED = {
    "Android": "Android",
    "Chrome OS": "Chrome OS",
    "Chromium OS": "Chrome OS",
    "Fuchsia": "Fuchsia",
    "iOS": "iOS",
    "Linux": "Linux",
    "macOS": "macOS",
    "Windows": "Windows",
}
# What the hint means as well, where the header is more exact.
DERIVED = {
    "Android": frozenset({"Fire OS", "HarmonyOS"}),
    "iOS": frozenset({"iPadOS"}),
    "Linux": frozenset(
        {"Debian", "Fedora", "Mageia", "openSUSE", "Red Hat", "SUSE", "Tizen", "Ubuntu", "webOS"}
    ),
}
OPEN_HARMONY = re.compile(r"\bOpenHarmony (\d[\d.]*)")
ANDROID_VERSION = re.compile(r"\bAndroid (\d[\d.]*)")
IPAD_OS = 13  # iPads ran iOS until 12
# Chrome, Firefox and Edge of an iPad (rarely of an iPhone) that ask for desktop sites: a Mac's header but for these.
IOS_BROWSER = re.compile(r"\b(?:CriOS|FxiOS|EdgiOS)/")


def find(evidence: Evidence) -> tuple[str, str]:
    """Return (name, version), each empty where unknown."""
    machine, hints = evidence.machine, evidence.hints
    if machine and machine.system:
        return machine.system, machine.system_version
    name, version = _by_header(evidence)
    hinted = HINTED.get(hints.platform, "")
    if hinted and name != hinted and name not in DERIVED.get(hinted, ()):
        name, version = hinted, ""
    if name in UNTOLD_VERSIONS:
        return name, ""
    if hinted == name and hints.platform_version:
        version = _hinted_version(name, hints.platform_version)
    return name, version


def _by_header(evidence: Evidence) -> tuple[str, str]:
    user_agent = evidence.header
    if match := OPEN_HARMONY.search(user_agent):
        return "OpenHarmony", match[1]
    if "Android" in user_agent:
        if FIRE_TABLET.search(user_agent):
            return "Fire OS", ""
        if "HarmonyOS" in user_agent:
            return "HarmonyOS", ""
    if "Macintosh" in user_agent and (IOS_BROWSER.search(user_agent) or _is_touched(evidence)):
        return "iPadOS", ""
    name = SYSTEMS.get(evidence.base.system, evidence.base.system)
    version = tidy(evidence.base.system_version)
    if name == "iOS" and "iPad" in user_agent and not _is_before(version, IPAD_OS):
        name = "iPadOS"
    if "CrKey/" in user_agent and (match := ANDROID_VERSION.search(user_agent)):
        return "Android", tidy(match[1])
    if not name and "Macintosh" in user_agent:
        return "macOS", ""
    if name == "Chromecast" and "VIZIO" in user_agent:
        return "", ""
    return name, "" if _is_frozen(user_agent, name, version) else version


def _is_before(version: str, major: int) -> bool:
    return bool(version) and int(version.partition(".")[0]) < major


def _is_touched(evidence: Evidence) -> bool:
    """Return whether it is Safari on something to touch with several fingers, which no Mac is. Other browsers of a Mac
    tell what screens are plugged in."""
    return evidence.hints.touch and "Version/" in evidence.header and "Chrome/" not in evidence.header


def _is_frozen(user_agent: str, name: str, version: str) -> bool:
    if name in ("iOS", "iPadOS") and version in FROZEN_IOS:
        return f"Version/{version}" not in user_agent
    if name == "Android" and version == "10":
        return "; K)" in user_agent or "; K;" in user_agent or "Firefox/" in user_agent
    return (name, version) in FROZEN_VERSIONS


def _hinted_version(name: str, platform_version: str) -> str:
    version = tidy(platform_version)
    if name != "Windows":
        return version
    major = int(version.partition(".")[0] or 0)
    if major == 0:
        return OLD_WINDOWS.get(version, "")
    return "11" if major >= 13 else "10" if major <= 10 else ""
