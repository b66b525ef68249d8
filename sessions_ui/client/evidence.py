"""What all rules look at: the header, the hints, what ua-parser makes of the header, the machine it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sessions_ui.client import hardware
from sessions_ui.client.hardware import Hardware
from sessions_ui.client.hints import Hints
from sessions_ui.client.names import known
from sessions_ui.client.text import cut

if TYPE_CHECKING:
    import ua_parser  # below in the function: many processes that load the app name no device

REDUCED_ANDROID = re.compile(r"Android 10; K(?=[;)])")


@dataclass(frozen=True, slots=True)
class Base:
    """ua-parser's names and versions, as it writes them; empty where it knows none. (Not those of the package
    user-agents: it makes 24.4 of Ubuntu 24.04. Its kinds are asked last: `last_resort.py`.)"""

    browser: str
    browser_version: str
    system: str
    system_version: str
    maker: str
    model: str
    is_robot: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What all rules look at. `found` is ua-parser's own result, `base` the part of it that our rules use."""

    header: str
    hints: Hints
    found: ua_parser.Result
    base: Base
    machine: Hardware | None


def gather(user_agent: str, hints: Hints) -> Evidence:
    import ua_parser

    header = _unreduced(user_agent, hints)
    found = ua_parser.parse(header)
    return Evidence(header, hints, found, _base(found), hardware.find(header))


def _unreduced(user_agent: str, hints: Hints) -> str:
    """Return Android's header as it was before Chromium froze it, with what the hints say in the place of "10; K"."""
    if not (hints.model and hints.platform_version):
        return user_agent
    words = f"Android {hints.platform_version.partition('.')[0]}; {hints.model}"
    return cut(REDUCED_ANDROID.sub(lambda _: words, user_agent, count=1))


def _base(found: ua_parser.Result) -> Base:
    browser, system, device = found.user_agent, found.os, found.device
    return Base(
        browser=known(browser.family) if browser else "",
        browser_version=_joined(browser.major, browser.minor, browser.patch, browser.patch_minor)
        if browser
        else "",
        system=known(system.family) if system else "",
        system_version=_joined(system.major, system.minor, system.patch, system.patch_minor)
        if system
        else "",
        maker=known(device.brand) if device else "",
        model=known(device.model) if device else "",
        is_robot=device is not None and device.family == "Spider",
    )


def _joined(*parts: str | None) -> str:
    return ".".join(part for part in parts if part)
