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
# What a TV may say that it runs; of an HbbTV set ua-parser has the maker for anything else.
TV_SYSTEMS = frozenset(
    {"Android", "Chromecast", "Fire OS", "Fuchsia", "Linux", "Tizen", "tvOS", "webOS", "Windows"}
)
# What the hint means as well, where the header is more exact.
DERIVED = {
    "Android": frozenset({"Fire OS", "HarmonyOS"}),
    "iOS": frozenset({"iPadOS"}),
    "Linux": frozenset(
        {
            *("Debian", "Fedora", "Linux Mint", "Mageia", "openSUSE", "Red Hat", "SUSE", "Tizen", "Ubuntu"),
            "webOS",
        }
    ),
}
# What ua-parser does not know, or takes for a Mac. They stand in the header's first comment.
OTHER_SYSTEMS = re.compile(
    r"^[^()]*\([^()]*\b(?:(Haiku|DragonFly|MorphOS|GhostBSD|Windows IoT)\b|(Sailfish)\b(?: (\d[\d.]*))?)"
)
# They spare most headers that pattern.
OTHER_SIGNS = ("Haiku", "DragonFly", "MorphOS", "GhostBSD", "Windows IoT", "Sailfish")
OTHER_NAMES = {"DragonFly": "DragonFly BSD", "Windows IoT": "Windows"}
MAC_BAG = re.compile(r"^server-bag \[macOS,(\d[\d.]*)")  # a daemon of Apple's
OPEN_HARMONY = re.compile(r"\bOpenHarmony (\d[\d.]*)")
ANDROID_VERSION = re.compile(r"\bAndroid (\d[\d.]*)")
# Versions that a system has had, or may come to have. Anything else stood beside its name for another reason: it is the
# level of its interfaces, the version of an app or of a library. Apple went from 15 (macOS) and 18 (iOS) to 26.
MAJORS = {
    "Android": frozenset(range(1, 21)),
    "iOS": frozenset({*range(1, 19), *range(26, 41)}),
    "iPadOS": frozenset({*range(13, 19), *range(26, 41)}),
    "macOS": frozenset({*range(10, 16), *range(26, 41)}),
    "tvOS": frozenset({*range(4, 19), *range(26, 41)}),
    "watchOS": frozenset({*range(1, 12), *range(26, 41)}),
}
# "AcmeNotes-iOS/3.2", "CFNetwork/macOS/3860": the version of what has the system in its name.
PART_OF_A_NAME = re.compile(
    r"(?:[\w-]|CFNetwork/)(?:i[Oo][Ss]|[Aa]ndroid|macOS)[/-]v?(\d[\d.]*)|^\w+/(?:iOS|Android) (\d[\d.]*)"
)
# What an app's own words say, where WebKit's header is frozen: Facebook's, or "(…; iOS 26.1)", "(…; iOS 26_1; …)".
STATED_IOS = re.compile(r"\bFBSV/(\d[\d.]*)|[;(] ?(?:iOS|iPadOS)[ /](\d[\d._]*)(?=[;)])")
# Chromium's browsers of iOS write the header themselves, with the system's own version in three numbers.
OWN_HEADER = re.compile(r"\b(?:CriOS|GSA)/")
WINDOWS_PHONE = re.compile(r"\bWindows Phone(?: OS)? (\d[\d.]*)")
# Of operators' TVs, and of UC's browser.
DISGUISED_ANDROID = re.compile(r"\b(?:Andr0id|diordnA|Adr) (\d[\d.]*)")
CHROMEBOOK = re.compile(r"\bBuild/R\d{2,3}-\d")  # an app of Android's that runs there
MAC_MODEL = re.compile(
    r"\((?:Power%20|Power)?(?:Macintosh|MacBook|Macmini|MacPro|Mac|PowerBook|PowerMac|iMac)\w*[%\d,)]|\(x86_64\)"
)
IPAD_OS = 13  # iPads ran iOS until 12
# Chrome, Firefox and Edge of an iPad (rarely of an iPhone) that ask for desktop sites: a Mac's header but for these.
IOS_BROWSER = re.compile(r"\b(?:CriOS|FxiOS|EdgiOS)/")


def find(evidence: Evidence) -> tuple[str, str]:
    """Return (name, version), each empty where unknown."""
    machine, hints = evidence.machine, evidence.hints
    if machine and machine.system:
        version = machine.system_version
        return machine.system, version if is_possible(machine.system, tidy(version)) else ""
    name, version = _by_header(evidence)
    hinted = HINTED.get(hints.platform, "")
    if hinted and name != hinted and name not in DERIVED.get(hinted, ()):
        name, version = hinted, ""
    if name in UNTOLD_VERSIONS:
        return name, ""
    if hinted == name and hints.platform_version:
        version = _hinted_version(name, hints.platform_version)
    return name, version if is_possible(name, version) else ""


def is_possible(name: str, version: str) -> bool:
    """Return whether the system has had this version, as far as its versions are known."""
    return not version or name not in MAJORS or int(version.partition(".")[0]) in MAJORS[name]


def _by_header(evidence: Evidence) -> tuple[str, str]:
    user_agent = evidence.header
    if match := OPEN_HARMONY.search(user_agent):
        return "OpenHarmony", match[1]
    is_other = any(sign in user_agent for sign in OTHER_SIGNS)
    if is_other and (match := OTHER_SYSTEMS.search(user_agent)):
        return OTHER_NAMES.get(match[1], match[1] or match[2]), tidy(match[3])
    if "SailfishBrowser/" in user_agent and "Mobile" in user_agent:
        return "Sailfish", ""
    if match := MAC_BAG.search(user_agent):
        return "macOS", tidy(match[1])
    if match := WINDOWS_PHONE.search(user_agent):  # which says Android, too
        return "Windows Phone", tidy(match[1])
    if match := DISGUISED_ANDROID.search(user_agent):
        return "Android", tidy(match[1])
    if CHROMEBOOK.search(user_agent):
        return "Chrome OS", ""
    if "CFNetwork/" in user_agent and MAC_MODEL.search(user_agent):
        return "macOS", ".".join(tidy(evidence.base.system_version).split(".")[:2])
    if "Android" in user_agent:
        if FIRE_TABLET.search(user_agent):
            return "Fire OS", ""
        if "HarmonyOS" in user_agent:
            return "HarmonyOS", ""
    if "Macintosh" in user_agent and (IOS_BROWSER.search(user_agent) or _is_touched(evidence)):
        return "iPadOS", ""
    name = SYSTEMS.get(evidence.base.system, evidence.base.system)
    version = tidy(evidence.base.system_version)
    if "HbbTV" in user_agent and name not in TV_SYSTEMS:
        return ("Linux" if "Linux" in user_agent else ""), ""  # ua-parser takes the maker for the system
    if version and (match := PART_OF_A_NAME.search(user_agent)) and tidy(match[1] or match[2]) == version:
        version = ""
    if name == "iOS" and "iPad" in user_agent and not _is_before(version, IPAD_OS):
        name = "iPadOS"
    if "CrKey/" in user_agent and (match := ANDROID_VERSION.search(user_agent)):
        return "Android", tidy(match[1])
    if not name and "Macintosh" in user_agent:
        return "macOS", ""
    if name == "Chromecast" and "VIZIO" in user_agent:
        return "", ""
    is_frozen = _is_frozen(user_agent, name, version)
    if name in ("iOS", "iPadOS") and (is_frozen or not version) and (match := STATED_IOS.search(user_agent)):
        return name, tidy((match[1] or match[2]).replace("_", "."))
    return name, "" if is_frozen else version


def _is_before(version: str, major: int) -> bool:
    return bool(version) and int(version.partition(".")[0]) < major


def _is_touched(evidence: Evidence) -> bool:
    """Return whether it is Safari on something to touch with several fingers, which no Mac is. Other browsers of a Mac
    tell what screens are plugged in."""
    return evidence.hints.touch and "Version/" in evidence.header and "Chrome/" not in evidence.header


def _is_frozen(user_agent: str, name: str, version: str) -> bool:
    if name in ("iOS", "iPadOS") and version in FROZEN_IOS:
        return f"Version/{version}" not in user_agent and not OWN_HEADER.search(user_agent)
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
