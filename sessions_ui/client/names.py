"""What ua-parser calls browsers and systems, and what people call them."""

from __future__ import annotations

BROWSERS = {
    "Amazon Silk": "Silk",
    "Apple Mail": "WebView",
    "Apple Watch App": "",
    "AVG": "AVG Secure Browser",
    "Baidu Box App": "Baidu",
    "CFNetwork": "",
    "Baidu Explorer": "Baidu",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "WebView",
    "DuckDuckGo Mobile": "DuckDuckGo",
    "Ecosia Android": "Ecosia",
    "Ecosia iOS": "Ecosia",
    "Edge Mobile": "Edge",
    "Edge Mobile Webview": "Edge",
    "FacebookBot": "facebookexternalhit",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "IE": "Internet Explorer",
    "IE Mobile": "Internet Explorer",
    "Google": "Google app",
    "GuzzleHttp": "Guzzle",
    "HbbTV": "",
    "LINE": "Line",
    "MiuiBrowser": "Mi Browser",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "WebView",
    "NetFront NX": "Nintendo Browser",
    "Opera Mobile": "Opera",
    "Opera Touch": "Opera",
    "PingdomBot": "Pingdom",
    "PostmanRuntime": "Postman",
    "Quark PC": "Quark",
    "Python Requests": "python-requests",
    "Python aiohttp": "aiohttp",
    "QQ Browser Mobile": "QQ Browser",
    "Slack Desktop Client": "Slack",
    "Qt Web Engine": "WebView",
    "Steam Client": "Steam",
    "Steam GameOverlay": "Steam",
    "Valve Steam GameOverlay": "Steam",
    "StatusCakeBot": "StatusCake",
    "Twitter": "X",
    "VivoBrowser": "Vivo Browser",
    "WeChat Browser": "WeChat",
    "Wolvic Browser": "Wolvic",
    "wget2": "Wget",
}

# ua-parser's words for the engine, the network library or "some robot", where it knows no name.
NAMELESS = frozenset(
    {
        *("", "Other", "Android", "Apple Watch App", "CFNetwork", "Dart", "Electron", "iOS", "okhttp"),
        *("Chrome", "Chrome Mobile", "Chromium", "Firefox", "IE", "Mobile Safari", "Safari"),
        "Mobile Safari UI/WKWebView",
        *("bot", "crawler", "robot", "spider"),
    }
)

# What a robot may drive: of these an address in the header says that nobody sits before it.
DRIVEN = NAMELESS | {
    *("Chrome Mobile iOS", "Chrome Mobile WebView", "Edge", "Edge Mobile", "Firefox Mobile", "Opera"),
    *("HeadlessChrome", "Qt Web Engine", "Twitter"),
}

# As the browsers call themselves in the brand list of their client hints.
BRANDS = {
    "Android WebView": "WebView",
    "Google Chrome": "Chrome",
    "HeadlessChrome": "HeadlessChrome",
    "Microsoft Edge": "Edge",
    "Microsoft Edge WebView2": "WebView",
    "OperaMobile": "Opera",
    "YaBrowser": "Yandex Browser",
    "Yandex": "Yandex Browser",
}

SYSTEMS = {
    "ATV OS X": "tvOS",
    "Chromecast Fuchsia": "Fuchsia",
    "Chromecast Linux": "Chromecast",
    "Chromecast SmartSpeaker": "Chromecast",
    "Chromium OS": "Chrome OS",
    "Mac OS X": "macOS",
    "WatchOS": "watchOS",
    "Web0S": "webOS",
}
APPLE = frozenset({"macOS", "iOS", "iPadOS"})

# The header names this version whatever the machine has (user-agent reduction of Chromium, Firefox and WebKit).
FROZEN_VERSIONS = frozenset({("macOS", "10.15"), ("macOS", "10.15.7"), ("Windows", "10")})
# The header names a build that says nothing to people, or none of the system's own.
UNTOLD_VERSIONS = frozenset(
    {
        *("Chrome OS", "Chromecast", "Fedora", "Fire OS", "Fuchsia", "HarmonyOS", "Linux", "webOS", "Xbox"),
        # Behind these stands the build of the browser's package, or the kernel's version.
        *("CentOS", "Gentoo", "PCLinuxOS", "Red Hat"),
    }
)
# From iOS 26 on WebKit says 18.6 or 18.7; that is the truth only beside a Safari of the same number.
FROZEN_IOS = frozenset({"18.6", "18.7"})

PLACEHOLDER_MODELS = frozenset(
    {
        "Browser",  # of "HuaweiBrowser/"
        "K",
        "Other",
        "Mobile",
        "Tablet",
        "Smartphone",
        "Feature Phone",
        "Android TV",
        "HarmonyOS",
        "Kindle",
        "iOS-Device",
    }
)


def known(name: str | None) -> str:
    """Return the name; empty where it is unknown, which ua-parser calls Other or Generic."""
    return "" if name in (None, "Other", "Generic") else str(name)
