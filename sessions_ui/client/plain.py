"""Headers in the writing that patterns expect: those that a proxy has put in lower case, and what is only "like"."""

from __future__ import annotations

import re

WORDS = (
    "Mozilla", "AppleWebKit", "KHTML", "Gecko", "Chrome", "Chromium", "Safari", "Firefox", "Version",
    "Mobile", "Linux", "Android", "Windows NT", "Win64", "WOW64", "Macintosh", "Intel Mac OS X",
    "like Mac OS X", "iPhone", "iPad", "iPod", "CPU iPhone OS", "CPU OS", "X11", "CrOS", "Edg", "EdgA",
    "EdgiOS", "OPR", "OPT", "CriOS", "FxiOS", "GSA", "Ubuntu", "SamsungBrowser", "Vivaldi", "YaBrowser",
    "DuckDuckGo", "MSIE", "Trident", "Opera", "Presto", "Build", "Tablet", "Dalvik", "Pixel", "SMART-TV",
    "SmartTV", "Tizen", "Web0S", "PlayStation", "Xbox", "Windows Phone", "Silk", "U;",
)  # fmt: skip
# What a header is "like" is what it is not. (All browsers are "like Gecko", iPhones "like Mac OS X": that stays.)
LIKE = re.compile(r"[,;]? ?\blike (?:Android|iPhone|iPod|iPad)(?: [\d.]+)?")
WRITING = {word.lower(): word for word in WORDS}
LOWER = re.compile(
    r"(?<![a-z0-9])(?:"
    + "|".join(re.escape(word) for word in sorted(WRITING, key=len, reverse=True))
    + r")(?![a-z])|\bsm-[a-z]\w+"
)


def plain(user_agent: str) -> str:
    """Return the header as its writer meant it."""
    return LIKE.sub("", _restored(user_agent))


def _restored(user_agent: str) -> str:
    """Return a browser's header in lower case as the browser wrote it, as far as its words are known; any
    other header as it is."""
    if not user_agent.startswith("mozilla/"):
        return user_agent
    return LOWER.sub(lambda match: WRITING.get(match[0], match[0].upper()), user_agent)
