"""Robots that say so. One that pretends to be a person's browser is not found here, nor by anybody's list."""

from __future__ import annotations

import re

# Without "bot", "spider" or "crawler" in their name, or unknown to ua-parser. The first group is the version.
ROBOTS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("HeadlessChrome", r"\bHeadlessChrome/([\d.]+)"),
        ("Chrome-Lighthouse", r"\bChrome-Lighthouse\b"),
        ("ChatGPT-User", r"\bChatGPT-User/([\d.]+)"),
        ("facebookexternalhit", r"\bfacebookexternalhit/([\d.]+)"),
        ("meta-externalagent", r"\bmeta-externalagent/([\d.]+)"),
        ("CensysInspect", r"\bCensysInspect/([\d.]+)"),
        ("Bluesky Cardyb", r"\bBluesky Cardyb/([\d.]+)"),
        ("Expanse", r"^Expanse, a Palo Alto Networks company"),
        ("zgrab", r"\bzgrab/"),
        ("check_http", r"^check_http/v([\d.]+)"),
        ("Scrapy", r"^Scrapy/([\d.]+)"),
        ("StatusCake", r"\bStatusCake"),
        ("Pingdom", r"^Pingdom\.com_bot_version_([\d.]+)"),
        ("Better Uptime Bot", r"^Better Uptime Bot\b"),
    )
)
NAMED = re.compile(
    r"(?<![\w./@-])([A-Za-z][\w.-]*(?:bot|spider|crawler)[\w-]*)(?:[/ ]v?(\d+(?:\.\d+)*))?", re.IGNORECASE
)


def known(user_agent: str) -> tuple[str, str] | None:
    """Return (name, version) of a robot of the list; None for any other client."""
    for name, pattern in ROBOTS:
        if match := pattern.search(user_agent):
            return name, match[1] if match.re.groups else ""
    return None


def named(user_agent: str) -> tuple[str, str] | None:
    """Return (name, version) of the word with "bot", "spider" or "crawler" in it, of a header that ua-parser takes for
    a robot's."""
    match = NAMED.search(user_agent)
    return (match[1], match[2] or "") if match else None


def is_robots_name(browser: str) -> bool:
    """Return whether what ua-parser took for the browser is a robot's name."""
    return NAMED.fullmatch(browser) is not None
