"""Headers in the writing that patterns expect: those that a proxy has put in lower case, and what is only "like"."""

from __future__ import annotations

import re
from collections.abc import Iterable

WORDS = (
    "Mozilla", "AppleWebKit", "KHTML", "Gecko", "Chrome", "Chromium", "Safari", "Firefox", "Version", "Mobile",
    "Linux", "Android", "Windows NT", "Win64", "WOW64", "Macintosh", "Intel Mac OS X", "like Mac OS X", "iPhone",
    "iPad", "iPod", "CPU iPhone OS", "CPU OS", "X11", "CrOS", "Edg", "EdgA", "EdgiOS", "OPR", "OPT", "CriOS",
    "FxiOS", "GSA", "Ubuntu", "SamsungBrowser", "Vivaldi", "YaBrowser", "DuckDuckGo", "MSIE", "Trident", "Opera",
    "Presto", "Build", "Tablet", "Dalvik", "Pixel", "SMART-TV", "SmartTV", "Tizen", "Web0S", "PlayStation", "Xbox",
    "Windows Phone", "Silk", "U;", "HeadlessChrome", "Chrome-Lighthouse", "Electron", "Slack", "GitHubDesktop",
    "Teams", "QtWebEngine", "Falkon", "Konqueror", "Whale", "Goanna", "PaleMoon", "Basilisk", "SeaMonkey",
    "Waterfox", "Atlas", "Comet", "Dia", "Genspark", "Fellou", "BrowserOS", "OPX", "Ddg", "HuaweiBrowser",
    "VivoBrowser", "HeyTapBrowser", "MiuiBrowser", "LG Browser", "NintendoBrowser", "ArkWeb", "Avast", "MetaSr",
    "Wolvic", "PicoBrowser", "OculusBrowser", "Quest", "Pico", "Tesla", "QtCarBrowser", "CrKey", "Kepler", "KAIOS",
    "Sailfish", "SailfishBrowser", "Fedora", "Edge", "Maxthon", "OpenHarmony", "HarmonyOS", "Phone", "PC",
    "WhatsApp", "Fuchsia", "Nintendo", "Switch", "Ecosia", "MicroMessenger", "AlipayClient", "AppName",
    "PocketBook", "Kobo", "Kindle", "VR", "HMSCore", "Kobo Touch", "Kobo eReader", "Valve Steam Client",
    "Valve Steam GameOverlay", "AlohaBrowser", "Snapchat", "Polestar", "Andr0id", "PowerShell", "WindowsPowerShell",
    "Microsoft Windows", "AliApp(TB", "AliApp(AMAP", "AppVersion", "Instagram", "Pixel Watch", "Galaxy Watch",
    "TicWatch", "Wear OS", "360SE", "360EE", "2345Explorer", "Servo", "BlackBerry", "PlayBook", "HbbTV", "VIZIO",
    "Haiku", "MorphOS", "DragonFly", "GhostBSD", "Windows IoT", "Windows CE", "IEMobile", "WPDesktop", "Nokia",
    "Lumia", "ARM", "Red Hat", "Tab", "Pad", "DTV", "Chromebook", "Pixelbook", "DeviceType", "SmartSpeaker", "Devin",
    "Agent-NovaAct", "Playwright", "Selenium", "DatadogSynthetics", "NewRelicSynthetics", "GTmetrix", "Quark",
    "TeamsMobile-iOS",
)  # fmt: skip
# What a header is "like" is what it is not. (All browsers are "like Gecko", iPhones "like Mac OS X": that stays.)
LIKE = re.compile(r"[,;]? ?\blike (?:Android|iPhone|iPod|iPad)(?: [\d.]+)?")
# What some extension or worse adds to a browser's header, another every day. ua-parser lists these, as false names.
FALSE_NAMES = ("Agency", "AtContent", "Config", "Herring", "LikeWise", "Trailer", "Unique", "Viewer")
FALSE = re.compile(rf" (?:{'|'.join(FALSE_NAMES)})/\d+(?:\.\d+){{3}}(?![\w.])")
# A program's header, which begins with a name that nobody knows the writing of, keeps that name.
OTHER_WORDS = (
    "Dalvik", "WhatsApp", "AppleTV", "Android", "Linux", "Build", "CFNetwork", "Darwin", "tvOS", "watchOS", "U;",
    "Instagram", "Opera", "Opera Mini", "Pixel Watch", "Galaxy Watch", "TicWatch", "Wear OS",
)  # fmt: skip


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(
        rf"(?<![a-z0-9_.])(?:{'|'.join(re.escape(word.lower()) for word in longest_first)})(?![a-z]|-\d)|"
        # Codes of models, and the letter that stands in the place of one.
        r"\b(?:sm-[a-z]\w+|aft[a-z0-9]{1,8}|kf[a-z]{2,6}|aeo[a-z]{2}|tb\d{3}[a-z]{2}|(?:tb|yt)\d?-[a-z]?\d\w{2,3}|[a-z]{3}\d?-w\d\d)\b|"
        r"(?<=android 10; )k(?=[;)])"
    )


WRITING = {word.lower(): word for word in (*WORDS, *OTHER_WORDS)}
LOWER, OTHER_LOWER = _pattern(WORDS), _pattern(OTHER_WORDS)


def plain(user_agent: str) -> str:
    """Return the header as its writer meant it."""
    header = LIKE.sub("", _restored(user_agent))
    before, safari, behind = header.partition("Safari/537.36")
    return before + safari + FALSE.sub("", behind)


def _restored(user_agent: str) -> str:
    """Return a header in lower case as its writer wrote it, as far as its words are known; any other as it is."""
    if user_agent.startswith("mozilla/"):
        pattern = LOWER
    elif user_agent == user_agent.lower():
        pattern = OTHER_LOWER
    else:
        return user_agent
    return pattern.sub(lambda match: WRITING.get(match[0], match[0].upper()), user_agent)
