"""Whether two descriptions can be of one client, and what both together say."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sessions_ui.client.info import Client


@dataclass(frozen=True, slots=True)
class Disguise:
    """A system that says it is another one: `says` in the header, one of `may_be` in truth.

    `browsers`: with these only; None: with any. Which way round the two came says nothing, because a device may have
    been seen in its disguise first.
    """

    says: str
    may_be: frozenset[str]
    browsers: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Mask:
    """A browser that says it is another one: `says` in the header, one of `may_be` (None: any app) in truth.

    `systems`: on these only; None: on any.
    """

    says: str
    may_be: frozenset[str] | None
    systems: frozenset[str] | None = None


# Whoever says one of these is no app inside a container.
NO_APPS = frozenset(
    {
        *(
            "Brave",
            "Chrome",
            "Chromium",
            "Edge",
            "Firefox",
            "Huawei Browser",
            "Internet Explorer",
            "Mi Browser",
            "Opera",
        ),
        *("Safari", "Samsung Internet", "Silk", "UC Browser", "Vivaldi", "Whale"),
    }
)
# What a browser may be until client hints, or the app itself, tell more. docs/risk.md has the tables; tests compare.
BROWSERS = (
    Mask(
        "Chrome",
        frozenset(
            {
                *(
                    "Atlas",
                    "Brave",
                    "Chromium",
                    "Comet",
                    "Dia",
                    "DuckDuckGo",
                    "Ecosia",
                    "Helium",
                    "Iron",
                    "Thorium",
                ),
                "Vivaldi",
            }
        ),
    ),
    Mask("Opera", frozenset({"Opera Air", "Opera GX", "Opera Neon"})),
    Mask("Edge", frozenset({"DuckDuckGo", "WebView"}), frozenset({"Windows"})),  # WebView2 without its hints
    Mask("WebView", None),
)
# What a system may be until client hints (or the sign-in page's script) tell more.
SYSTEMS = (
    Disguise("Linux", frozenset({"Fedora", "Ubuntu"})),
    Disguise("Linux", frozenset({"Android", "Fire OS"})),  # "Desktop site"
    Disguise("macOS", frozenset({"iPadOS"})),  # which asks for desktop sites by itself
    # "Request Desktop Website" of an iPhone. On a Mac these have the same engine, and say nothing of iOS.
    Disguise("macOS", frozenset({"iOS"}), frozenset({"DuckDuckGo", "Safari"})),
    # The same, where touch.js or the browser's own name tells that it is no Mac: then it reads as an iPad.
    Disguise("iPadOS", frozenset({"iOS"}), frozenset({"Chrome", "DuckDuckGo", "Edge", "Firefox", "Safari"})),
)


def contradicts(old: Client, new: Client) -> bool:
    """Return whether these cannot be one client: browsers update themselves but change neither family nor system. What
    is unknown contradicts nothing, nor does what one of them only looks like without client hints."""
    return not (_may_be_one_browser(old, new) and _may_be_one_system(old, new))


def improved(old: Client, new: Client) -> Client:
    """Return `old` with what `new` tells beyond it: unknowns filled, versions that are newer or more exact, the
    browser's own name instead of the one it looks like. No known name becomes unknown. A client that contradicts is
    another one: then `old` comes back as it is."""
    if contradicts(old, new):
        return old
    browser = new.browser if not old.browser or _is_masked(old, new) else old.browser
    system = new.system if not old.system or _is_disguised(old, new) else old.system
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


def _may_be_one_browser(old: Client, new: Client) -> bool:
    if old.browser == new.browser or not old.browser or not new.browser:
        return True
    return _is_masked(old, new) or _is_masked(new, old)


def _is_masked(says: Client, may_be: Client) -> bool:
    """Return whether what the first says of its browser is what the second may say instead."""
    systems = {says.system, may_be.system} - {""}
    return any(
        mask.says == says.browser
        and (may_be.browser in mask.may_be if mask.may_be is not None else may_be.browser not in NO_APPS)
        and (mask.systems is None or systems <= mask.systems)
        for mask in BROWSERS
        if may_be.browser not in ("", says.browser)
    )


def _may_be_one_system(old: Client, new: Client) -> bool:
    if old.system == new.system or not old.system or not new.system:
        return True
    return _is_disguised(old, new) or _is_disguised(new, old)


def _is_disguised(says: Client, may_be: Client) -> bool:
    """Return whether what the first says of its system is what the second may say instead."""
    browsers = {says.browser, may_be.browser} - {""}
    return any(
        disguise.says == says.system
        and may_be.system in disguise.may_be
        and (disguise.browsers is None or browsers <= disguise.browsers)
        for disguise in SYSTEMS
    )


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
