"""Robots that say so. One that pretends to be a person's browser is not found here, nor by anybody's list."""

from __future__ import annotations

import re

from sessions_ui.client.text import MAX_NAME

# Without "bot", "spider" or "crawler" in their name, or unknown to ua-parser. The first group is the version.
ROBOTS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("Claude Code", r"^Claude-User \(claude-code/([\d.]+)"),
        ("HeadlessChrome", r"\bHeadlessChrome\b(?:/([\d.]+))?"),
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
    r"(?<!like )(?<![\w./@-])(Google-(?:NotebookLM|GeminiNotebook|Agent|Safety|Site-Verification)|"
    r"GoogleOther(?:-Image|-Video)?|(?:Mediapartners|FeedFetcher|Storebot)-Google|meta-externalfetcher)(?![\w-])(?:/v?(\d[\d.]*))?"
)
FETCHERS_SIGNS = ("Google-", "GoogleOther", "-Google", "meta-externalfetcher")
# Agents, monitors and test tools that drive a browser, and write no more than their name into its header: "Agent-…" and
# "Devin" act for somebody, the others look at one's own pages. The first group is the name.
DRIVERS = re.compile(
    r"(?<![\w./@-])(Devin|Agent-NovaAct|GoogleAgent-Mariner|Playwright|Selenium|Puppeteer|PhantomJS|"
    r"(?:Datadog|NewRelic)Synthetics|Cloudflare(?:Observatory|Diagnostics)|GTmetrix|ThousandEyes|Checkly|"
    r"Ghost Inspector|Dotcom-Monitor|PlayStore-Google|SkypeUriPreview)"
    r"(?![\w-])(?:/v?(\d[\d.]*))?"
)
DRIVERS_SIGNS = (
    *("Devin", "Agent", "Playwright", "Selenium", "Puppeteer", "PhantomJS", "Synthetic", "Cloudflare"),
    *("GTmetrix", "Thousand", "Checkly", "Inspector", "Dotcom", "PlayStore", "UriPreview"),
)
# What ua-parser has a name for, and does not know as a robot.
NAMED_ROBOTS = frozenset(
    {
        *("Catchpoint", "GmailImageProxy", "PhantomJS", "PRTG Network Monitor", "Ruxit Synthetic"),
        "YottaaMonitor",
    }
)
# What the Fediverse's servers write: the library first, or the address and "Bot" behind their own name.
FEDIVERSE = re.compile(
    r"^http\.rb/[\d.]+ \(([A-Za-z][\w.-]*)/v?(\d[\d.]*)[^()]*https?://|"
    r"^(?!Mozilla/)([A-Za-z][\w.-]*)[/ ]v?(\d[\d.]*).*https?://.*[);] Bot$"
)
# How a program says that it is one, and where to read about it: "(compatible; Name/1.0; +https://…)", or its name alone
# before the address. Whatever else the header says of a browser is the engine that it drives.
ADDRESS = r"\+?\s?(?:https?://|mailto:|[\w.-]+@)"
INTRODUCED = re.compile(
    rf"\bcompatible; ?([A-Za-z][\w.-]*(?: [A-Z][\w.-]*)*)(?:/v?(\d[\d.]*+)[\w.-]*+)?;? ?{ADDRESS}"
)
# A library's address is that of its source.
ALONE = re.compile(
    r"^([A-Za-z][\w.-]*(?: [A-Z][\w.-]*)*?)(?:/v?(\d[\d.]*+)[\w.-]*+)?[;,]? \(?\+ ?https?://(?!github\.com/)"
)
# What fetches for somebody at this moment says so by the last word of its name.
FOR_SOMEBODY = re.compile(
    r"(?<![\w./@-])([A-Za-z][\w.]*-(?:User|user|Fetcher))/v?(\d[\d.]*)(?=.*https?://|$)"
)
# Who drives a browser may stand in the comment of its engine, or as "compatible" behind the first comment.
DRIVER = re.compile(r"like Gecko; ?(?:compatible; ?)?([A-Za-z][\w-]*)(?:/v?(\d[\d.]*))?")
COMPATIBLE = re.compile(r"\bcompatible; ?(?!MSIE)([A-Za-z][\w-]*)(?:/v?(\d[\d.]*))?")
# No browser of people's has an address in its header, but for old toolbars. Who wrote it is called by the word in front
# of it, unless that is the browser.
ANY_ADDRESS = re.compile(r"[;,]? ?\(?\+? ?https?://")
WRITER = re.compile(
    r"(?<![\w./@-])([A-Za-z][\w-]*)/v?(\d[\d.]*+)?[\w.-]*+ ?$|(?:(?<=[;(,)\d] )|(?<=[;(,)]))([A-Za-z][\w-]*) ?$"
)
NO_WRITER = frozenset(
    {"chrome", "compatible", "edg", "firefox", "gecko", "mobile", "mozilla", "safari", "see", "version"}
)
TOOLBARS = ("MSIE", "Trident/")
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
    if any(sign in user_agent for sign in DRIVERS_SIGNS) and (match := DRIVERS.search(user_agent)):
        return match[1], match[2] or ""
    if any(sign in user_agent for sign in FETCHERS_SIGNS) and (match := FETCHERS.search(user_agent)):
        return match[1], match[2] or ""
    is_of_fediverse = user_agent.endswith(" Bot") or user_agent.startswith("http.rb/")
    if is_of_fediverse and (match := FEDIVERSE.search(user_agent)):
        return match[1] or match[3], match[2] or match[4]
    return None


def introduced(user_agent: str, *, is_known: bool = False) -> tuple[str, str] | None:
    """Return (name, version) of a program that names itself beside an address to read about it, or says that it fetches
    for somebody; the name is empty where only the address is there. `is_known`: it has a name that is no robot's, and
    its address may be that of an app."""
    for pattern in (INTRODUCED, FOR_SOMEBODY) if is_known else (INTRODUCED, ALONE, FOR_SOMEBODY):
        if match := pattern.search(user_agent):
            return match[1], match[2] or ""
    return None if is_known else _driver(user_agent)


def _driver(user_agent: str) -> tuple[str, str] | None:
    """Return (name, version) of a program that has put itself or its address into a browser's header."""
    if not user_agent.startswith("Mozilla/") or any(sign in user_agent for sign in TOOLBARS):
        return None
    driver = DRIVER.search(user_agent)
    if driver is None and "compatible" in user_agent:
        driver = COMPATIBLE.search(user_agent, user_agent.find(")") + 1)
    if driver and driver[1].lower() not in NO_WRITER:
        return driver[1], driver[2] or ""
    address = ANY_ADDRESS.search(user_agent) if "://" in user_agent else None
    if address is None:
        return None
    writer = WRITER.search(user_agent[: address.start()][-MAX_NAME:])
    name = (writer[1] or writer[3]) if writer else ""
    return ("", "") if writer is None or name.lower() in NO_WRITER else (name, writer[2] or "")


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
    return browser in NAMED_ROBOTS or NAMED.fullmatch(browser) is not None
