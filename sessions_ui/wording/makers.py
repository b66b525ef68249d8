"""Where the maker of a device or of its system helps to find, lock or erase it: what no site can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from sessions_ui.models import Device


@dataclass(frozen=True, slots=True)
class FindPage:
    """A page of a maker, at which its owner signs in with the maker's account."""

    url: str
    label: Any


APPLE = FindPage("https://www.icloud.com/find", _("Find My, by Apple"))
GOOGLE = FindPage("https://www.google.com/android/find", _("Find Hub, by Google"))
SAMSUNG = FindPage("https://smartthingsfind.samsung.com/", _("SmartThings Find, by Samsung"))
MICROSOFT = FindPage("https://account.microsoft.com/devices", _("Find my device, by Microsoft"))

BY_SYSTEM = {
    "iOS": APPLE,
    "iPadOS": APPLE,
    "macOS": APPLE,
    "watchOS": APPLE,
    "visionOS": APPLE,
    "Android": GOOGLE,
    "Wear OS": GOOGLE,
    "Windows": MICROSOFT,
}


def find_pages(device: Device) -> list[FindPage]:
    """Return the pages that can help with this device, that of its maker first; none where nobody knows of one."""
    page = BY_SYSTEM.get(device.system)
    pages = [page] if page is not None else []
    if page is GOOGLE and device.maker.casefold() == "samsung":
        pages.insert(0, SAMSUNG)
    return pages
