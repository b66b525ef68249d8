"""TVs, consoles, watches, e-readers and cars: headers that name the machine. ua-parser knows few of them."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hardware:
    """What the header says of the machine. `has_browser`: whether what it says of a browser is one (a PlayStation
    names Safari, an Apple TV and a Roku only themselves)."""

    kind: str
    maker: str = ""
    model: str = ""
    system: str = ""
    system_version: str = ""
    has_browser: bool = True
    has_model: bool = True  # whether ua-parser may know one that is not here


# Sony writes the version of the system software behind the model.
PLAYSTATION = re.compile(r"PlayStation (\d|Vita|Portable)(?:[/ ](\d+\.\d+))?", re.IGNORECASE)
XBOX = re.compile(r"\bXbox(?:_ONE\w*|; (Xbox [\w ]{1,16}))?[;)]", re.IGNORECASE)
NINTENDO = re.compile(r"Nintendo (Switch 2|Switch|WiiU|Wii|3DS)\b")
# A daemon of Apple's; what ua-parser takes for a browser's version is the watch's.
WATCH_BAG = re.compile(r"^server-bag \[Watch OS,(\d[\d.]*),[^,]*,(Watch\d{1,2},\d{1,2})\]")
# Behind a hyphen it is the end of a program's name, and the version is the program's.
APPLE_WATCH = re.compile(
    r"-watchOS/|watchOS[/ ](\d[\d.]*)|Apple Watch; (?:U; )?CPU OS (\d[\d_]*)|\bWatch\d{1,2},\d{1,2}\b"
)
# Samsung's Galaxy Watches are SM-R5…, R6…, R71… to R9… and SM-L…, by its list of models; other SM-R… are ear phones.
WEAR_OS = re.compile(
    r"\bWear OS\b|Pixel Watch|Galaxy Watch|TicWatch|(?i:Android [\d.]+; [^;()]*watch\b)|"
    r"\bSM-(?:R[56]00|R7[1-7]\d|R[89]\d\d|L[357]\d\d)[A-Z0-9]*\b"
)
APPLE_TV = re.compile(
    r"^AppleTV\d+,\d+/(\d[\d.]*)|Apple TV; U; CPU OS (\d[\d_]*)|-tvOS/|\btvOS[/ ]?(\d[\d.]*)|\bAppleTV\b"
)
ROKU = re.compile(r"(?:^| )Roku\w*/DVP-(\d[\d.]*)|\bRokuOS (\d[\d.]*)|\(QSP; Roku; \w+; (\d[\d.]*)\)")
CHROMECAST = re.compile(r"\bCrKey/[\d.]+(?!.*VIZIO)(?:.*DeviceType/(\w+))?")
# Amazon lists the models of Fire TV (AFT…) and of its tablets (KF…). Both run Fire OS.
FIRE_TV = re.compile(r"\b(AFT[A-Z0-9]{1,8})\b")
FIRE_TABLET = re.compile(r"\b(KF[A-Z]{2,6})\b")
ECHO_SHOW = re.compile(r"\b(AEO[A-Z]{2})\b")  # a speaker with a screen, of Amazon's list as well
CARS_FIRE_TV = re.compile(r"\b(AFTL[BF]T962\w*)")  # in the seats of some cars, by the same list
# TVs and boxes without a TV's word, by the beginning of the model that Android's header names: Google's, Xiaomi's,
# Free's, Walmart's, SEI's, TCL's, those that TPV makes for Philips, and boxes of Mecool's and X96.
BOX = re.compile(
    r"Android [\d.]+; (?i:Chromecast\b|Mi ?Box|Freebox Player|ADT-\d|onn\. |SEI\d{3}|BeyondTV|TPM\d{3}E|QM\d{3}E|"
    r"X96 ?[A-Z]|KM\d\b)"
)
VEGA = re.compile(r"\bKepler[ /](\d[\d.]*)(?:.*?\b(AFT[A-Z0-9]{1,8})\b)?")  # Amazon's system after Fire OS
OTHER_TV = re.compile(
    r"smart[-_ ]?tv|\btv safari/|web0s|webos\.tv|hbbtv/|bravia|andr[o0]id[-_ ]?tv|google[-_ ]?tv|\bmitv|\bmibox|vizio|"
    r"vidaa|sky_stb|-device/1\.0\.0 \(sky,|\bnettv/|_tv_|\btv[ -]?box|\bviera\b|\bce-html\b|^hybridcast/"
)  # in lower case
# "TV" in the machine's name, in the first comment of the header (behind it a program may be called "… TV", too), or the
# word at the end, which Yandex' and Samsung's browsers write. NOOKs are called BNTV….
DIGITAL_TV = re.compile(r"Android [\d.]+; [^;()]*\bDTV\b")  # phones and tablets that receive it
TV_WORD = re.compile(
    r"^[^()]*\([^()]*(?:\([^()]*\)[^()]*)*?"
    r"(?:(?P<word>(?:(?<![A-Za-z])|(?<=[a-z])|(?<=\dK)|\bIP)TV(?![A-Za-z])|\b[Tt]v(?![A-Za-z])|[Tt]elevision)|"
    r"(?<!\bBN)TV(?![a-z]|M )|Tv(?![a-z]))"
    r"|(?P<last> TV)$|(?P<app> TV/\d)"
)
# E-readers pretend to be old phones and computers. What they say of a system and a browser is as made up.
READERS = tuple(
    (Hardware("tablet", maker, model, system, has_browser=False), re.compile(pattern))
    for maker, model, system, pattern in (
        ("Amazon", "Kindle", "Kindle", r"\bKindle/\d(?!.*\bAndroid \d)"),
        ("Kobo", "", "Kobo", r"\bKobo (?:Touch|eReader)\b"),
        ("PocketBook", "", "PocketBook", r"\bPocketBook/"),
    )
)
# Ubuntu Touch says "Linux; Ubuntu 24.04 like Android 9"; Ubuntu on a computer says "X11".
UBUNTU_TOUCH = re.compile(
    r"\((?:Linux; )?Ubuntu(?: (\d[\d.]*))?(?:; (?:Mobile|Tablet))?[^()]*\) (?:AppleWebKit|WebKit)/"
)
TESLA = re.compile(r"\bTesla/(?:\d|[a-z]+-)|\bQtCarBrowser\b")
OTHER_CAR = re.compile(r"\bPolestar\b|\bAndroid ?Automotive\b|\bAAOS\b")
# None of all these machines can be there without one of these, which spares most headers the patterns above.
SIGNS = (
    *(
        "tv",
        "playstation",
        "xbox",
        "nintendo",
        "watch",
        "wear os",
        "sm-r",
        "sm-l",
        "kindle",
        "kobo",
        "pocketbook",
        "ubuntu",
    ),
    *(
        "tesla",
        "qtcarbrowser",
        "polestar",
        "automotive",
        "aaos",
        "kepler",
        "aft",
        "aeo",
        "roku",
        "crkey",
        "web0s",
        "bravia",
        "vizio",
    ),
    *("(sky,", "vidaa", "viera", "mibox", "ce-html", "hybridcast", "television", "_stb"),
)


def find(user_agent: str) -> Hardware | None:
    """Return the TV, console, watch, e-reader or car that the header names; None for everything else."""
    lower = user_agent.lower()
    if not any(sign in lower for sign in SIGNS) and not BOX.search(user_agent):
        return None
    return (
        _console(user_agent)
        or _watch(user_agent)
        or _reader(user_agent)
        or _ubuntu_touch(user_agent)
        or _car_or_speaker(user_agent)
        or _tv(user_agent, lower)
    )


def _console(user_agent: str) -> Hardware | None:
    if match := PLAYSTATION.search(user_agent):
        model = f"PlayStation {match[1]}"
        return Hardware("console", "Sony", model, model, match[2] or "", has_browser=False)
    if "Windows" in user_agent and (match := XBOX.search(user_agent)):
        return Hardware("console", "Microsoft", match[1] or "Xbox", "Xbox")
    if match := NINTENDO.search(user_agent):
        model = f"Nintendo {match[1].replace('WiiU', 'Wii U')}"
        return Hardware("console", "Nintendo", model, model)
    return None


def _watch(user_agent: str) -> Hardware | None:
    if match := WATCH_BAG.search(user_agent):
        return Hardware("watch", "Apple", match[2], "watchOS", match[1], has_browser=False)
    if match := APPLE_WATCH.search(user_agent):
        version = (match[1] or match[2] or "").replace("_", ".")
        return Hardware("watch", "Apple", "Apple Watch", "watchOS", version)
    return Hardware("watch") if WEAR_OS.search(user_agent) else None


def _reader(user_agent: str) -> Hardware | None:
    return next((reader for reader, pattern in READERS if pattern.search(user_agent)), None)


def _ubuntu_touch(user_agent: str) -> Hardware | None:
    if match := UBUNTU_TOUCH.search(user_agent):
        kind = "phone" if "Mobile" in user_agent else "tablet"
        return Hardware(kind, system="Ubuntu Touch", system_version=match[1] or "", has_browser=False)
    return None


def _car_or_speaker(user_agent: str) -> Hardware | None:
    """A car is none of our kinds, and no phone either. Nor is a speaker with a screen."""
    if TESLA.search(user_agent):
        return Hardware("", "Tesla", system="Linux", has_model=False)
    if match := ECHO_SHOW.search(user_agent) or CARS_FIRE_TV.search(user_agent):
        return Hardware("", "Amazon", match[1], "Fire OS" if "Android" in user_agent else "")
    return Hardware("") if OTHER_CAR.search(user_agent) else None


def _tv(user_agent: str, lower: str) -> Hardware | None:
    if match := APPLE_TV.search(user_agent):
        version = (match[1] or match[2] or match[3] or "").replace("_", ".")
        has_browser = not user_agent.startswith("AppleTV")
        return Hardware("tv", "Apple", "Apple TV", "tvOS", version, has_browser)
    if match := ROKU.search(user_agent):
        return Hardware("tv", "Roku", "", "Roku", match[1] or match[2] or match[3] or "", has_browser=False)
    if match := VEGA.search(user_agent):
        return Hardware("tv", "Amazon", match[2] or "", "Vega OS", match[1])
    if match := FIRE_TV.search(user_agent):
        return Hardware("tv", "Amazon", match[1], "Fire OS")
    if match := CHROMECAST.search(user_agent):
        if match[1] not in (None, "Chromecast", "AndroidTV") or "Fuchsia" in user_agent:
            return Hardware("")  # a smart display or a speaker: none of our kinds
        return (
            Hardware("tv", "Google", "Chromecast", "Chromecast")
            if "Android" not in user_agent
            else Hardware("tv")
        )
    if "VIZIO" in user_agent:
        return Hardware("tv", "VIZIO")
    if OTHER_TV.search(lower) or BOX.search(user_agent):
        return Hardware("tv")
    match = TV_WORD.search(user_agent)
    if match is None or ("Mobile" in user_agent and not (match["last"] or match["app"] or match["word"])):
        return None  # a part of a phone's code ("STV100-2")
    # Phones that receive television are called so, too ("myA9 DTV"), and an app "… TV" may be on one; TVs' WebViews say
    # Mobile.
    is_sure = match["last"] or not (match["app"] or "Mobile" in user_agent or DIGITAL_TV.search(user_agent))
    return Hardware("tv" if is_sure else "")
