"""Whether two descriptions can be of one client, and what both together say."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from sessions_ui.client.info import Client

Disguises: TypeAlias = dict[str, frozenset[str]]
# A client that says it is the left can be any of the right, until client hints (or the sign-in page's script) tell
# more.
BROWSERS: Disguises = {
    "Chrome": frozenset({"Brave", "Chromium", "DuckDuckGo", "Iron", "Vivaldi"}),
    "Opera": frozenset({"Opera Air", "Opera GX"}),
    "WebView": frozenset({"DuckDuckGo"}),
}
SYSTEMS: Disguises = {
    "Linux": frozenset({"Android", "Fedora", "Ubuntu"}),
    "macOS": frozenset({"iPadOS"}),
}


def contradicts(old: Client, new: Client) -> bool:
    """Return whether these cannot be one client: browsers update themselves but change neither family nor system. What
    is unknown contradicts nothing, nor does what one of them only looks like without client hints."""
    return not (_may_be(old.browser, new.browser, BROWSERS) and _may_be(old.system, new.system, SYSTEMS))


def improved(old: Client, new: Client) -> Client:
    """Return `old` with what `new` tells beyond it: unknowns filled, versions that are newer or more exact, the
    browser's own name instead of the one it looks like. No known name becomes unknown. A client that contradicts is
    another one: then `old` comes back as it is."""
    if contradicts(old, new):
        return old
    browser = _telling(old.browser, new.browser, BROWSERS)
    system = _telling(old.system, new.system, SYSTEMS)
    is_unmasked = (
        bool(old.system) and system != old.system
    )  # the Mac is an iPad: its kind and model were the mask's
    return replace(
        old,
        kind=new.kind if is_unmasked else old.kind or new.kind,
        maker=new.maker if is_unmasked else old.maker or new.maker,
        model=new.model if is_unmasked else old.model or new.model,
        browser=browser,
        browser_version=_newer(old.browser_version, new.browser_version)
        if browser == new.browser
        else old.browser_version,
        system=system,
        system_version=_system_version(old, new) if system == new.system else old.system_version,
    )


def _may_be(old: str, new: str, disguises: Disguises) -> bool:
    return old == new or not old or not new or new in disguises.get(old, ()) or old in disguises.get(new, ())


def _telling(old: str, new: str, disguises: Disguises) -> str:
    return new if not old or new in disguises.get(old, ()) else old


def _newer(old: str, new: str) -> str:
    """Return the more exact of "141" and "141.0.7390.54"; else the later version."""
    return old if not new or f"{old}.".startswith(f"{new}.") else new


def _system_version(old: Client, new: Client) -> str:
    if old.system != new.system:
        return new.system_version
    # From iOS 26 on the header tells no version: with a newer browser, the one known before is no longer true.
    if (
        new.system in ("iOS", "iPadOS")
        and not new.system_version
        and new.browser_version != old.browser_version
    ):
        return ""
    return _newer(old.system_version, new.system_version)
