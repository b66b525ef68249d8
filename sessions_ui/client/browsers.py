"""Which browser, or which app around one."""

from __future__ import annotations

import re

from sessions_ui.client import in_app, text
from sessions_ui.client.evidence import Evidence
from sessions_ui.client.hints import Hints
from sessions_ui.client.names import BRANDS, BROWSERS

# Browsers that ua-parser does not know, or takes for another. The first group is the version.
TOKENS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("Opera GX", r"\bOPX/([\d.]+)"),
        ("DuckDuckGo", r"\bDdg/([\d.]+)"),
        ("Huawei Browser", r"\bHuaweiBrowser/([\d.]+)"),
        ("Vivo Browser", r"\bVivoBrowser/([\d.]+)"),
        ("HeyTap Browser", r"\bHeyTapBrowser/([\d.]+)"),
        ("Mi Browser", r"\bMiuiBrowser/([\d.]+)"),
        ("Whale", r"\bWhale/([\d.]+)"),
        ("LG Browser", r"\bLG Browser/([\d.]+)"),
        ("Nintendo Browser", r"\bNintendoBrowser/(\d+(?:\.\d+)*)"),
        ("ArkWeb", r"\bArkWeb/([\d.]+)"),
        ("Falkon", r"\bFalkon/([\d.]+)"),
        ("qutebrowser", r"\bqutebrowser/([\d.]+)"),
        ("Konqueror", r"\bKonqueror\b"),
        ("Avast Secure Browser", r" Avast/([\d.]+)"),
        ("Sogou Explorer", r"\bMetaSr\b"),
    )
)
# What stands behind HbbTV, which is a standard and no browser.
TV_OPERA, TV_CHROME = re.compile(r"\bOPR/([\d.]+)"), re.compile(r"\bChrome/([\d.]+)")
CHROMIUM = "Chromium"  # the engine's own brand, in every list


def find(evidence: Evidence) -> tuple[str, str]:
    """Return (name, version), each empty where unknown."""
    if app := in_app.find(evidence.header):
        return app
    name, version = _by_header(evidence)
    brand, brand_version = _by_brands(evidence.hints)
    if not brand or (brand in ("Chrome", CHROMIUM, "Edge") and name not in ("", "Chrome", brand)):
        return name, version  # a browser of its own that is honest about its engine's brand
    if brand == name and not brand_version.startswith(version.partition(".")[0]):
        return name, version  # another version than the header's: an extension that changes one of the two
    return brand, brand_version


def _by_header(evidence: Evidence) -> tuple[str, str]:
    user_agent, base = evidence.header, evidence.base
    for name, pattern in TOKENS:
        if match := pattern.search(user_agent):
            return name, match[1] if pattern.groups else ""
    name = base.browser
    if name == "HbbTV" and (match := TV_OPERA.search(user_agent) or TV_CHROME.search(user_agent)):
        return "Opera" if match.re is TV_OPERA else "Chrome", match[1]
    name = BROWSERS.get(name, name)
    if name == "WebView" and "Chrome/" not in user_agent:
        # WebKit's: the only version in the header is the system's.
        return (name if "WebKit/" in user_agent else ""), ""
    return name, base.browser_version


def _by_brands(hints: Hints) -> tuple[str, str]:
    """Return the one brand that is not the engine's; Chromium itself where there is no other."""
    brands = [brand for brand in hints.brands if brand[0] != CHROMIUM] or list(hints.brands)
    if len(brands) != 1:
        return "", ""
    name, version = brands[0]
    return BRANDS.get(name, text.name(name)), version
