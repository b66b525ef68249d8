"""Robots that say so. One that pretends to be a person's browser is not found here, nor by anybody's list."""

from __future__ import annotations

import re

# Without "bot", "spider" or "crawler" in their name, or unknown to ua-parser. The first group is the version.
ROBOTS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("Claude Code", r"^Claude-User \(claude-code/([\d.]+)"),
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
# Fetchers of Google's and Meta's that name no address beside them, or no version; the first group is the name.
FETCHERS = re.compile(
    r"(?<![\w./@-])(Google-(?:NotebookLM|GeminiNotebook|Agent|Site-Verification)|GoogleOther(?:-Image|-Video)?|"
    r"(?:Mediapartners|FeedFetcher|Storebot)-Google|meta-externalfetcher)(?![\w-])(?:/v?(\d[\d.]*))?"
)
FETCHERS_SIGNS = ("Google-", "GoogleOther", "-Google", "meta-externalfetcher")
# What the Fediverse's servers write: the library first, or the address and "Bot" behind their own name.
FEDIVERSE = re.compile(
    r"^http\.rb/[\d.]+ \(([A-Za-z][\w.-]*)/v?(\d[\d.]*)[^()]*https?://|"
    r"^(?!Mozilla/)([A-Za-z][\w.-]*)[/ ]v?(\d[\d.]*).*https?://.*[);] Bot$"
)
# How a program says that it is one, and where to read about it: "(compatible; Name/1.0; +https://…)", or its name alone
# before the address. Whatever else the header says of a browser is the engine that it drives.
ADDRESS = r"\+?\s?(?:https?://|mailto:|[\w.-]+@)"
INTRODUCED = re.compile(
    rf"\bcompatible; ?([A-Za-z][\w.-]*(?: [A-Z][\w.-]*)*)(?:/v?(\d[\d.]*)[\w.-]*)?;? {ADDRESS}"
)
# A library's address is that of its source.
ALONE = re.compile(
    r"^([A-Za-z][\w.-]*(?: [A-Z][\w.-]*)*?)(?:/v?(\d[\d.]*)[\w.-]*)? \(\+ ?https?://(?!github\.com/)"
)
# What fetches for somebody at this moment says so by the last word of its name.
FOR_SOMEBODY = re.compile(r"(?<![\w./@-])([A-Za-z][\w.]*-(?:User|Fetcher))/v?(\d[\d.]*)(?=.*https?://)")
# A word of an address is nobody's name.
ADDRESSES = re.compile(r"https?://[^\s;,()]*")
ROBOTS_WORD = re.compile(r"bot|spider|crawl", re.IGNORECASE)
NAMED = re.compile(
    r"(?<![\w./@-])([A-Za-z][\w.-]*(?:bot|spider|crawler)[\w-]*)(?:[/ ]v?(\d+(?:\.\d+)*))?", re.IGNORECASE
)


def known(user_agent: str) -> tuple[str, str] | None:
    """Return (name, version) of a robot of the list; None for any other client."""
    for name, pattern in ROBOTS:
        if match := pattern.search(user_agent):
            return name, match[1] if match.re.groups else ""
    # The signs spare most headers the patterns.
    if any(sign in user_agent for sign in FETCHERS_SIGNS) and (match := FETCHERS.search(user_agent)):
        return match[1], match[2] or ""
    is_of_fediverse = user_agent.endswith(" Bot") or user_agent.startswith("http.rb/")
    if is_of_fediverse and (match := FEDIVERSE.search(user_agent)):
        return match[1] or match[3], match[2] or match[4]
    return None


def introduced(user_agent: str, *, is_known: bool = False) -> tuple[str, str] | None:
    """Return (name, version) of a program that names itself beside an address to read about it, or says that it fetches
    for somebody. `is_known`: it has a name that is no robot's, and its address may be that of an app."""
    for pattern in (INTRODUCED, FOR_SOMEBODY) if is_known else (INTRODUCED, ALONE, FOR_SOMEBODY):
        if match := pattern.search(user_agent):
            return match[1], match[2] or ""
    return None


def named(user_agent: str) -> tuple[str, str] | None:
    """Return (name, version) of the word with "bot", "spider" or "crawler" in it, of a header that ua-parser takes for
    a robot's."""
    match = NAMED.search(ADDRESSES.sub(" ", user_agent))
    return (match[1], match[2] or "") if match else None


def is_of_address(name: str, user_agent: str) -> bool:
    """Return whether what ua-parser took for a robot's name stands in an address of the header only."""
    return (
        ROBOTS_WORD.search(name) is not None
        and name in user_agent
        and name not in ADDRESSES.sub(" ", user_agent)
    )


def is_robots_name(browser: str) -> bool:
    """Return whether what ua-parser took for the browser is a robot's name."""
    return NAMED.fullmatch(browser) is not None
