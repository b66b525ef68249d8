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
        # In place of a version these have the time of their build.
        ("Steam", r"\bValve Steam (?:Client|GameOverlay|Tenfoot)\b"),
        ("Basilisk", r"\bBasilisk/"),
        ("Epiphany", r"\bEpiphany/(?:605\.1\.15\b|([\d.]+))"),  # the engine's, which WebKit has frozen
        ("Tesla", r"\bTesla/(?:[a-z]+-)*(\d{4}[\d.]*)|\bQtCarBrowser\b|\bTesla/[a-z]"),
        ("Wolvic", r"\bWolvic/([\d.]+)"),
        ("Pico Browser", r"\bPicoBrowser/([\d.]+)"),
        # Browsers with an assistant built in. (Arc, and most others, say no more than Chrome.)
        ("Atlas", r"\b(?:ChatGPT ?)?Atlas/([\d.]+)"),
        ("Comet", r"\bComet/([\d.]+)"),
        ("Dia", r" Dia/([\d.]+)"),
        ("Genspark", r"\bGenspark(?:Browser)?/([\d.]+)"),
        ("Fellou", r"\bFellou/([\d.]+)"),
        ("BrowserOS", r"\bBrowserOS/([\d.]+)"),
        ("Opera Neon", r"\bOpera ?Neon/([\d.]+)"),
        ("Vivaldi", r" Vivaldi/(\d+(?:\.\d+){0,2})"),  # ua-parser knows it on computers alone
        ("Opera GX", r"\bOPX/([\d.]+)"),
        ("DuckDuckGo", r"\bDdg/([\d.]+)"),
        ("Huawei Browser", r"\b(?:HuaweiBrowser|HBPC)/([\d.]+)"),
        ("Yandex Browser", r"\b(?:YaBrowser|YaSearchBrowser|YaApp_\w+)/([\d.]+)"),
        ("Quark", r"\b(?:Quark(?:PC)?|quark(?:pc)?)/([\d.]+)"),
        ("UC Browser", r"\bUCPC/([\d.]+)|^UCWEB/([\d.]+)(?!.*UCBrowser/)"),
        ("Adblock Browser", r"\bABB/([\d.]+)"),
        ("Vivo Browser", r"\bVivoBrowser/([\d.]+)"),
        ("HeyTap Browser", r"\bHeyTapBrowser/([\d.]+)"),
        ("Mi Browser", r"\bMiuiBrowser/([\d.]+)"),
        ("Whale", r"\bWhale/([\d.]+)"),
        ("LG Browser", r"\bLG Browser/([\d.]+)"),
        ("Nintendo Browser", r"\bNintendoBrowser/(\d+(?:\.\d+)*)"),
        # ua-parser tells the year of the first with that number.
        ("Outlook", r"\bMicrosoft Outlook (\d[\d.]*)"),
        ("Floorp", r"\bFloorp/([\d.]+)"),
        ("Zotero", r"\bZotero/([\d.]+)"),
        ("LibreWolf", r"\bLibreWolf/([\d.]+)"),
        ("Maxthon", r"\bMXiOS/([\d.]+)"),
        ("WebPositive", r"\bWebPositive/([\d.]+)"),
        ("Falkon", r"\bFalkon/([\d.]+)"),
        ("qutebrowser", r"\bqutebrowser/([\d.]+)"),
        ("Konqueror", r"\bKonqueror\b"),
        ("Avast Secure Browser", r" Avast/([\d.]+)"),
        ("360 Secure Browser", r" 360SE\b(?:/([\d.]+))?"),
        ("360 Extreme Browser", r" 360EE\b(?:/([\d.]+))?"),
        ("2345 Explorer", r" 2345Explorer\b(?:[/ ]([\d.]+))?"),
        ("Servo", r" Servo/([\d.]+)"),
        ("Sogou Explorer", r"\bMetaSr\b"),
    )
)
# None of these is in a header without it, which spares most headers the patterns above: the same ones at once, and
# wider, because a pattern that begins with \b takes ten times as long.
ANY_TOKEN = re.compile("|".join(pattern.pattern.replace(r"\b", "") for _name, pattern in TOKENS))
FIREFOX = re.compile(r"\bFirefox/([\d.]+)")
# What ua-parser calls a container around which an app may have a name.
NAMELESS_CONTAINERS = frozenset(
    {
        *("", "Other", "Android", "Apple Mail", "CFNetwork", "Chrome", "Chrome Mobile", "Chrome Mobile WebView"),
        *("Chromium", "Mobile Safari", "Mobile Safari UI/WKWebView", "Qt Web Engine", "Safari"),
    }
)  # fmt: skip
# Huawei's engine after Android's: the browser, where no other is named.
ARKWEB = re.compile(r"\bArkWeb/([\d.]+)")
# What stands behind HbbTV, which is a standard and no browser.
TV_OPERA, CHROME = re.compile(r"\bOPR/([\d.]+)"), re.compile(r"\bChrome/([\d.]+)")
# An app in a container that shows pages. Its own name stands behind the engine's, or in front of Qt's.
QT = re.compile(r"\(KHTML, like Gecko\) (?:([A-Za-z][^/();]{0,62})[/ ]v?(\d[\w.]*) )?QtWebEngine/")
PRODUCT = re.compile(r"(?<=[ ;])((?:[A-Z][\w.&+-]* ){0,3}[A-Za-z][\w.&+-]{1,62})/v?(\d[\w.]*)")
BUILD = re.compile(r"\d{6,}")  # a number that counts builds, which is no version to people
# An app names its package behind itself: "YJApp-ANDROID jp.co.yahoo.android.yjtop".
PACKAGE = re.compile(r"(?<=\S) \w+(?:\.[\w-]+){2,}$")
COMMENT = re.compile(r"\([^()]*(?:\([^()]*\)[^()]*)*\)")
# Products of a container's header that name no app: the engine, the system, libraries, what the device is connected by.
NO_APP = frozenset(
    {
        *("adapi", "amazonwebappplatform", "android", "app", "app_version", "applewebkit", "appname", "appverc"),
        *("appversion", "arkweb", "awp", "build", "bytedancewebview", "bytelocale", "caapp", "cadevice"),
        *("cfnetwork", "channel", "chrome", "chromium", "cordova-amazon-fireos", "crios", "dalvik", "dart"),
        *("darwin", "ddg", "device", "edg", "edga", "edgios", "edgw", "electron", "exoplayerlib", "firefox"),
        *("fxios", "gecko", "googlewv", "gsa", "hmscore", "html5plus", "ios", "ipad", "iphone", "isdr", "jskit"),
        *("jssdk", "language", "like", "macosx", "mmwebsdk", "mobile", "mozilla", "netfront", "nettype", "okhttp"),
        *("opr", "opt", "os", "qtwebengine", "region", "release", "safari", "scale", "sginfo", "svn", "t7"),
        *("tablet", "u", "uws", "version", "webview", "xweb", "yoda"),
    }
)  # fmt: skip
IOS = re.compile(r"\((?:iPhone|iPad|iPod)")
WEBVIEW = "WebView"
WEBVIEW_BRANDS = frozenset({"Android WebView", "Microsoft Edge WebView2"})
CHROMIUM = "Chromium"  # the engine's own brand, in every list
ENGINES = frozenset({CHROMIUM, "Yowser"})  # Yandex Browser's own engine stands beside it


def find(evidence: Evidence) -> tuple[str, str]:
    """Return (name, version), each empty where unknown."""
    if app := in_app.find(evidence.header) or _contained(evidence):
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
    if ANY_TOKEN.search(user_agent):
        for name, pattern in TOKENS:
            if match := pattern.search(user_agent):
                return name, next(filter(None, match.groups()), "")
    name = base.browser
    if name == "Android":
        return _android(user_agent)
    if name == "HbbTV":
        match = TV_OPERA.search(user_agent) or CHROME.search(user_agent)
        return ("Opera" if match.re is TV_OPERA else "Chrome", match[1]) if match else ("", "")
    name = BROWSERS.get(name, name)
    if name in ("", "Chrome", "Safari") and (match := ARKWEB.search(user_agent)):
        return "ArkWeb", match[1]
    if name == WEBVIEW:
        # The only version in the header is the engine's.
        return (name if "webkit/" in user_agent.lower() else ""), ""
    if base.model.startswith(f"{base.browser} ") and (match := CHROME.search(user_agent)):
        return "Chrome", match[1]  # ua-parser has taken a part of the model: "M bot 54"
    is_of_model = base.browser_version == base.model  # "BlackBerry9700"
    return name, "" if is_of_model else base.browser_version


def _android(user_agent: str) -> tuple[str, str]:
    """Android's own browser of old, or what ua-parser takes for it because it knows nothing but the system."""
    if match := FIREFOX.search(user_agent):
        return "Firefox", match[1]
    return ("Android", "") if "Version/" in user_agent and "Chrome/" not in user_agent else ("", "")


def _contained(evidence: Evidence) -> tuple[str, str] | None:
    """Return (app, version) of an app around a container of the system's (WKWebView, Android's WebView, Qt's), or
    "WebView" where the app does not say what it is; None for a browser."""
    header = evidence.header
    if match := QT.search(header):
        is_known = evidence.base.browser not in NAMELESS_CONTAINERS or any(
            pattern.search(header) for _name, pattern in TOKENS
        )
        return None if is_known and not match[1] else (match[1] or WEBVIEW, match[2] or "")
    if "; WebView/" in header:  # of Windows before WebView2
        return WEBVIEW, ""
    if not _is_container(evidence):
        return None
    for name, version in PRODUCT.findall(COMMENT.sub(" ", header)):
        if name.rpartition(" ")[2].lower() not in NO_APP and not any(
            pattern.search(f" {name}/{version}") for _name, pattern in TOKENS
        ):
            is_nameless = evidence.base.browser in NAMELESS_CONTAINERS
            name = PACKAGE.sub("", name.removeprefix("Mobile "))
            return (name, "" if BUILD.fullmatch(version) else version) if is_nameless else None
    return (WEBVIEW, "") if evidence.base.browser == "Apple Mail" else None


def _is_container(evidence: Evidence) -> bool:
    header = evidence.header
    if (
        "; wv)" in header
        or "ArkWeb/" in header
        or ("Android" in header and "Version/4.0" in header and "Chrome/" in header)
    ):
        return True
    # On iOS every browser is WebKit, and apps name themselves behind Safari, too.
    is_apples = ("Mac OS X" in header and "Safari/" not in header) or IOS.search(header) is not None
    return is_apples and "AppleWebKit/" in header


def _by_brands(hints: Hints) -> tuple[str, str]:
    """Return the one brand that is not the engine's; Chromium itself where there is no other."""
    if any(name in WEBVIEW_BRANDS for name, _version in hints.brands):
        return WEBVIEW, ""  # Windows' names Edge as well, which is its engine
    brands = [brand for brand in hints.brands if brand[0] not in ENGINES] or list(hints.brands)
    if len(brands) != 1:
        return "", ""
    name, version = brands[0]
    return BRANDS.get(name, text.name(name)), version
