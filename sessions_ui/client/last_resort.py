"""The kinds of the package user-agents, for headers that none of our rules knows a kind of.

It is imported only when it is needed: the package loads ua-parser's patterns once more, as Python's (0.1 s).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from user_agents.parsers import UserAgent, parse_browser, parse_device, parse_operating_system

if TYPE_CHECKING:
    from ua_parser import OS, Result
    from ua_parser import UserAgent as Browser

# What the package calls a client, and which of `Device.Kind` that is. The first that is true counts: to the package
# a tablet may be a mobile as well, and a program for mail stands on a machine that it may know.
KINDS = (
    ("is_bot", "bot"),
    ("is_tablet", "tablet"),
    ("is_mobile", "phone"),
    ("is_pc", "computer"),
    ("is_email_client", "app"),
)
NOTHING = ("Other", None, None)  # the package's words for what ua-parser does not know


class ParsedUserAgent(UserAgent):
    """The package's object, filled from what ua-parser has found already.

    Its own `__init__` is left out on purpose: it parses the header again, by ua-parser's older and slower way.
    """

    def __init__(self, found: Result) -> None:
        self.ua_string = found.string
        self.browser = parse_browser(*_parts(found.user_agent))
        self.os = parse_operating_system(*_parts(found.os))
        device = found.device
        self.device = parse_device(*(device.family, device.brand, device.model) if device else NOTHING)


def kind(found: Result) -> str:
    """Return a kind of `Device.Kind` for a header that ua-parser has read; empty where the package knows none
    either."""
    agent = ParsedUserAgent(found)
    return next((ours for theirs, ours in KINDS if getattr(agent, theirs)), "")


def _parts(found: Browser | OS | None) -> tuple[str | None, ...]:
    """Return family and version of a browser or system, as the package's functions take them."""
    return (found.family, found.major, found.minor, found.patch, found.patch_minor) if found else NOTHING
