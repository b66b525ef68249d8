"""User-Agent Client Hints (W3C draft): what Chromium's browsers say beyond their frozen user agent.

`Sec-CH-UA`, `-Mobile` and `-Platform` come by themselves over HTTPS; the others only after the site has asked for them
with `Accept-CH` (`web/presence/client_hints.py`). Firefox and Safari send none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sessions_ui.client import text

# Longest value read of each: a brand list has three to five entries; everything else is a word.
FIELDS = {
    "HTTP_SEC_CH_UA": 512,
    "HTTP_SEC_CH_UA_FULL_VERSION_LIST": 512,
    "HTTP_SEC_CH_UA_PLATFORM": 64,
    "HTTP_SEC_CH_UA_PLATFORM_VERSION": 64,
    "HTTP_SEC_CH_UA_MODEL": 64,
    "HTTP_SEC_CH_UA_MOBILE": 8,
    "HTTP_SEC_CH_UA_FORM_FACTORS": 128,
}
TOUCH_COOKIE = "sessions_ui_touch"  # static/sessions_ui/touch.js sets it
TOUCHED = re.compile(rf"(?:^|;)\s*{TOUCH_COOKIE}=1(?:;|$)")
BRAND = re.compile(r'(?:^|,)\s*"([^"\\]{1,64})";\s*v="([\w.]{1,32})"')
QUOTED = re.compile(r'"([^"\\]*)"')
# "Not A;Brand", "Not)A;Brand", "Not_A Brand": Chromium greases the list so that nobody relies on its order or spelling.
GREASED = re.compile(r"^\W*Not\W*_?\W*A\W*_?\W*Brand\W*$", re.IGNORECASE)
VERSION = re.compile(r"\d{1,9}(?:\.\d{1,9}){0,4}")
MODEL = re.compile(r"[\w .()+/,-]{1,64}")


@dataclass(frozen=True, slots=True)
class Hints:
    """What the hints say; empty where they say nothing. `mobile` is None where the browser did not tell.

    `brands` are (brand, version) without the greased one; versions are exact where the browser gave exact ones.
    `touch` is no client hint but the word of the sign-in page's script: more than one finger at a time.
    """

    brands: tuple[tuple[str, str], ...] = ()
    platform: str = ""
    platform_version: str = ""
    model: str = ""
    mobile: bool | None = None
    form_factors: frozenset[str] = frozenset()
    touch: bool = False


NO_HINTS = Hints()
MOBILE = {"?1": True, "?0": False}


def read(meta: Mapping[str, Any]) -> Hints:
    """Read the hints from a WSGI-like `META`. Never raises: what is no hint says nothing."""
    touch = TOUCHED.search(str(meta.get("HTTP_COOKIE", ""))) is not None
    return _read(tuple(str(meta.get(field, ""))[:length] for field, length in FIELDS.items()), touch)


@lru_cache(maxsize=1024)
def _read(values: tuple[str, ...], touch: bool) -> Hints:
    if not any(values) and not touch:
        return NO_HINTS
    sent = dict(zip(FIELDS, map(text.cut, values), strict=True))
    platform_version = _string(sent["HTTP_SEC_CH_UA_PLATFORM_VERSION"])
    model = _string(sent["HTTP_SEC_CH_UA_MODEL"]).strip()
    return Hints(
        brands=_brands(sent["HTTP_SEC_CH_UA_FULL_VERSION_LIST"]) or _brands(sent["HTTP_SEC_CH_UA"]),
        platform=_string(sent["HTTP_SEC_CH_UA_PLATFORM"]),
        platform_version=platform_version if VERSION.fullmatch(platform_version) else "",
        model=model if MODEL.fullmatch(model) else "",
        mobile=MOBILE.get(sent["HTTP_SEC_CH_UA_MOBILE"]),
        form_factors=frozenset(QUOTED.findall(sent["HTTP_SEC_CH_UA_FORM_FACTORS"])),
        touch=touch,
    )


def _brands(sent: str) -> tuple[tuple[str, str], ...]:
    return tuple(found for found in BRAND.findall(sent) if not GREASED.match(found[0]))


def _string(sent: str) -> str:
    """Return the string in a structured header (RFC 8941), which is in quotes; empty for anything else."""
    match = QUOTED.fullmatch(sent.strip())
    return match.group(1) if match else ""
