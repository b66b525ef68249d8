"""Phone, tablet or computer, where neither a program nor a machine of its own has been named."""

from __future__ import annotations

import re

from sessions_ui.client.evidence import Evidence
from sessions_ui.client.marketing import marketing_name

# `Sec-CH-UA-Form-Factors`, the most telling first: a convertible may send several.
FORM_FACTORS = {"Watch": "watch", "Tablet": "tablet", "Mobile": "phone", "Desktop": "computer"}
OTHER_FACTORS = ("XR", "Automotive")  # a headset, a car: none of our kinds
COMPUTERS = frozenset({*("Chrome OS", "DragonFly BSD", "GhostBSD", "Haiku", "macOS", "MorphOS", "Windows")})
PHONES = frozenset(
    {
        *(
            "iOS",
            "Windows Phone",
            "Windows Mobile",
            "Windows CE",
            "BlackBerry OS",
            "KaiOS",
            "Firefox OS",
            "Sailfish",
        ),
        *("Symbian OS", "Nokia Series 40", "Bada", "MeeGo", "Maemo"),
    }
)
PHONE_MODELS = frozenset({"Smartphone", "Feature Phone"})  # ua-parser's words for one without a name
# ua-parser takes any word that begins with four letters of an old phone's name for one: these have said more.
PHONE_SIGN = re.compile(
    r"MIDP|CLDC|J2ME|UP\.|Obigo|NetFront|Profile/|Browser|WAP|Teleca|Opera|Symb|Series ?[2-9]0|Mobile|Phone|BREW|Brew|"
    r"DoCoMo|KDDI|Vodafone|SoftBank|J-PHONE"
)
# How Huawei's system begins its header after Android.
OPEN_HARMONY = re.compile(r"\((Phone|Tablet|PC|2in1|Wearable|Car); OpenHarmony\b")
OPEN_HARMONY_KINDS = {
    "Phone": "phone",
    "Tablet": "tablet",
    "PC": "computer",
    "2in1": "computer",
    "Wearable": "watch",
    "Car": "",
}
# Phones whose header says Windows NT: those that ask for a desktop site, and what came before Windows Phone.
WINDOWS_PHONE = re.compile(r"Windows CE\b|IEMobile\b|WPDesktop\b|ARM; (?:[^;)]*; )?(?:Nokia |Lumia )")
EMBEDDED = "Windows IoT"  # in machines of all kinds
BROWSERS_WORD = re.compile(r"Mozilla|Opera|WebKit|Gecko|UCWEB|Tablet")
LAPTOP = re.compile(r"Android [\d.]+; [^;()]*\b(?:Chromebook|Pixelbook)\b")
HEADSET = re.compile(r"\bQuest\b|\bPico\b|\bVR\b|OculusBrowser/")  # none of our kinds
# A computer's header. Beside it only hints can say that it is an Android that asks for a desktop site.
COMPUTER = re.compile(r"\((?:X11|Wayland|Windows NT|Macintosh)\b")
# Some tablets say "Mobile", too. Lenovo has codes of their own, Huawei ends those of tablets with Wi-Fi in "-W09".
TABLETS_NAME = re.compile(
    r"\b(?:Tab|TAB|Tablet|TABLET|[A-Z]?[a-z]*Pad|PAD)\b|^(?i:lenovo )?(?:TB|YT)\d?-[A-Z]?\d\w{2,3}|^TB\d{3}[A-Z]{2}$|"
    r"^(?:HUAWEI )?[A-Z]{3}\d?-W\d\d(?:HN)?$"
)
DESKTOPS = ("X11;", "Wayland;")  # how browsers on Linux and the BSDs begin


def find(evidence: Evidence, system: str, model: str) -> str:
    """Return a kind of `Device.Kind`, empty where unknown. `system` is what `systems.find()` said, `model` what
    `models.find()` did."""
    header, base = evidence.header, evidence.base
    if evidence.machine:
        return evidence.machine.kind
    if (
        HEADSET.search(header)
        or EMBEDDED in header
        or not evidence.hints.form_factors.isdisjoint(OTHER_FACTORS)
    ):
        return ""
    for factor, kind in FORM_FACTORS.items():
        if factor in evidence.hints.form_factors:
            return kind
    if match := OPEN_HARMONY.search(header):
        return OPEN_HARMONY_KINDS[match[1]]
    if system in ("iPadOS", "Fire OS") or "iPad;" in header:
        return "tablet"
    if system in ("Android", "HarmonyOS"):
        if "book" in header and LAPTOP.search(header):
            return "computer"
        if COMPUTER.search(header) and not evidence.hints.mobile:
            return "tablet" if _is_tablets_model(evidence.hints.model) else ""  # a desktop site, of either
        if _is_tablets_model(model):
            return "tablet"
        is_phone = "Mobile" in header or evidence.hints.mobile is True or "Opera Mini" in header
        if not is_phone and not BROWSERS_WORD.search(header):
            return "app"  # "Acme 16.1 / Android": nothing says "tablet"
        return "phone" if is_phone and "Tablet" not in header else "tablet"
    if "Windows" in header and WINDOWS_PHONE.search(header):
        return "phone"
    if system in COMPUTERS or any(desktop in header for desktop in DESKTOPS):
        return "computer"
    is_java_phone = "MIDP" in header or "J2ME" in header
    is_old_phone = base.model in PHONE_MODELS and PHONE_SIGN.search(header) is not None
    if system in ("Firefox OS", "Sailfish") and "Tablet" in header:
        return "tablet"
    if system in PHONES or is_java_phone or (system and "Mobile" in header) or is_old_phone:
        return "phone"
    return "tablet" if base.model == "Tablet" else by_last_resort(evidence)


def _is_tablets_model(model: str) -> bool:
    return any(TABLETS_NAME.search(name) for name in (model, marketing_name(model)))


def by_last_resort(evidence: Evidence) -> str:
    """Return the kind that the package user-agents knows, for a header that none of our rules knows a kind of."""
    # Here, not above: it takes 0.1 s to load, and most processes meet no such header.
    from sessions_ui.client import last_resort

    kind = last_resort.kind(evidence.found)
    is_guess = (
        kind == "phone" and evidence.base.model in PHONE_MODELS and not PHONE_SIGN.search(evidence.header)
    )
    return "" if is_guess else kind
