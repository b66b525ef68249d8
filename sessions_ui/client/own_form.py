"""How an app of the site's own says what it is: `Example App/3.2.1 (iPhone16,2; iOS 18.1)`.

Name and version, then the model of the device, and the system with its version; more may follow, each after a
semicolon. It comes as the user agent or, from an app that does not write its own, in the header `X-App` (docs/apps.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sessions_ui.client.text import MAX_USER_AGENT, cut

FORM = re.compile(
    r"(?!Mozilla/|Opera/)(?P<name>[^\W\d_][\w .&'+-]{0,62})/v?(?P<version>\d[\w.-]{0,31}) "
    r"\((?P<model>[\w .()+/,-]{1,64}?); (?P<system>Android|iOS|iPadOS|macOS|tvOS|watchOS)[ /]"
    r"(?P<system_version>\d[\d._]{0,15})(?:;[^()<>]*)?\)(?: .*)?"
)
SYSTEMS = frozenset({"Android", "iOS", "iPadOS", "macOS", "tvOS", "watchOS"})
# In the model's place: other apps have the name of their package there ("com.example.app"), or words of the system.
NO_MODEL = re.compile(r"\w+(?:\.[\w-]+){2,}|U|Linux|Mobile|Build/.*")
# Apple's identifiers, under the names that people know; from "Identifier" in its device catalogue. One that is not here
# is an iPhone or iPad, and no more is said.
APPLE = {
    "iPhone10,1": "iPhone 8", "iPhone10,4": "iPhone 8", "iPhone10,2": "iPhone 8 Plus", "iPhone10,5": "iPhone 8 Plus",
    "iPhone10,3": "iPhone X", "iPhone10,6": "iPhone X", "iPhone11,2": "iPhone XS", "iPhone11,4": "iPhone XS Max",
    "iPhone11,6": "iPhone XS Max", "iPhone11,8": "iPhone XR", "iPhone12,1": "iPhone 11", "iPhone12,3": "iPhone 11 Pro",
    "iPhone12,5": "iPhone 11 Pro Max", "iPhone12,8": "iPhone SE (2nd generation)", "iPhone13,1": "iPhone 12 mini",
    "iPhone13,2": "iPhone 12", "iPhone13,3": "iPhone 12 Pro", "iPhone13,4": "iPhone 12 Pro Max",
    "iPhone14,2": "iPhone 13 Pro", "iPhone14,3": "iPhone 13 Pro Max", "iPhone14,4": "iPhone 13 mini",
    "iPhone14,5": "iPhone 13", "iPhone14,6": "iPhone SE (3rd generation)", "iPhone14,7": "iPhone 14",
    "iPhone14,8": "iPhone 14 Plus", "iPhone15,2": "iPhone 14 Pro", "iPhone15,3": "iPhone 14 Pro Max",
    "iPhone15,4": "iPhone 15", "iPhone15,5": "iPhone 15 Plus", "iPhone16,1": "iPhone 15 Pro",
    "iPhone16,2": "iPhone 15 Pro Max", "iPhone17,1": "iPhone 16 Pro", "iPhone17,2": "iPhone 16 Pro Max",
    "iPhone17,3": "iPhone 16", "iPhone17,4": "iPhone 16 Plus", "iPhone17,5": "iPhone 16e",
    "iPhone18,1": "iPhone 17 Pro", "iPhone18,2": "iPhone 17 Pro Max", "iPhone18,3": "iPhone 17",
    "iPhone18,4": "iPhone Air",
}  # fmt: skip
IDENTIFIER = re.compile(r"(iPhone|iPad|iPod|Watch|AppleTV|Mac\w*)\d+,\d+")
FAMILIES = {"iPod": "iPod touch", "Watch": "Apple Watch", "AppleTV": "Apple TV"}


@dataclass(frozen=True, slots=True)
class OwnForm:
    """What an app says of itself; the model is empty where it names none."""

    name: str
    version: str
    model: str
    system: str
    system_version: str

    @property
    def is_android(self) -> bool:
        return self.system == "Android"


def read(header: str) -> str:
    """Return what `X-App` says, as the user agent that the app would have sent; empty for anything that is not of this
    form, or longer than a user agent may be."""
    header = header.strip()
    is_good = len(header) <= MAX_USER_AGENT and cut(header) == header and parse(header) is not None
    return header if is_good else ""


def parse(user_agent: str) -> OwnForm | None:
    """Return what a header of this form says; None for any other."""
    match = FORM.fullmatch(user_agent)
    if match is None or match["name"] in SYSTEMS:  # "iOS/26.2 (23C55) …": the program comes behind
        return None
    model = match["model"].strip()
    return OwnForm(
        name=match["name"].strip(),
        version=match["version"],
        model="" if NO_MODEL.fullmatch(model) else model,
        system=match["system"],
        system_version=match["system_version"].replace("_", "."),
    )


def apple_name(model: str) -> str:
    """Return what people call the device with this identifier of Apple's; of an unknown one the family. Anything else
    comes back as it is."""
    if model in APPLE:
        return APPLE[model]
    match = IDENTIFIER.fullmatch(model)
    if match is None:
        return model
    return "Mac" if match[1].startswith("Mac") else FAMILIES.get(match[1], match[1])
