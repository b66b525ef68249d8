"""Which client a User-Agent header and its client hints name. What they cannot say stays unknown.

ua-parser's patterns are the base. On top of them: what frozen headers leave to the hints, machines, apps and tools that
they do not know, and the names that people use. docs/clients.md tells the rules in words.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote

from sessions_ui.client import bots, browsers, kinds, models, own_form, programs, systems, text
from sessions_ui.client.evidence import Base, Evidence, gather
from sessions_ui.client.hints import NO_HINTS, Hints
from sessions_ui.client.info import Client
from sessions_ui.client.names import APPLE, BROWSERS, DRIVEN, NAMELESS
from sessions_ui.client.plain import plain
from sessions_ui.client.text import MAX_USER_AGENT, cut

__all__ = ["MAX_USER_AGENT", "cut", "parse"]


OWN_KINDS = {"tvOS": "tv", "watchOS": "watch"}  # of an app on a TV or a watch, as of every program there


def parse(user_agent: str, hints: Hints = NO_HINTS) -> Client:
    """Return the client that the header and the hints name. Pure and cached: called at sign-in or when the client
    changes, never at rendering."""
    return _parse(cut(user_agent), hints)


@lru_cache(maxsize=4096)
def _parse(user_agent: str, hints: Hints) -> Client:
    if not user_agent and hints == NO_HINTS:
        return Client()
    user_agent = plain(user_agent)
    if robot := bots.known(user_agent):
        return _robot(*robot)
    if (own := own_form.parse(user_agent)) and (app := _own_app(user_agent, own)):
        return app
    evidence = gather(user_agent, hints)
    base = evidence.base
    if program := programs.find(user_agent):
        return _program(program, evidence)
    if base.is_robot or bots.is_robots_name(base.browser):
        return _robot(*_robots_name(user_agent, base))
    if robot := bots.introduced(user_agent, is_known=base.browser not in DRIVEN):
        return _robot(*robot)
    program = programs.named_by_itself(user_agent, has_machine=evidence.machine is not None)
    if program and (program.kind or base.browser in NAMELESS):
        return _program(program, evidence)
    return _browser(evidence)


def _robot(name: str, version: str) -> Client:
    """Return a robot by its name and version only, because what it says of its system is a disguise."""
    return _client(kind="bot", browser=name, browser_version=version)


def _robots_name(user_agent: str, base: Base) -> tuple[str, str]:
    """Return (name, version) of what ua-parser takes for a robot: its name, unless that is a part of an address, or
    begins within a comment (") Bot")."""
    is_cut = not base.browser[:1].isalnum() or (")" in base.browser and "(" not in base.browser)
    is_no_name = is_cut or bots.is_of_address(base.browser, user_agent)
    by_base = (BROWSERS.get(base.browser, base.browser), base.browser_version)
    if base.browser not in NAMELESS and "/" not in base.browser and not is_no_name:
        return by_base
    if told := bots.introduced(user_agent) or bots.named(user_agent):
        return told
    if not is_no_name:
        return by_base
    program = programs.named_by_itself(user_agent, has_machine=False)
    return (program.name, program.version) if program else ("", "")


def _own_app(user_agent: str, own: own_form.OwnForm) -> Client | None:
    """Return the app that says of itself what it is; None where its name is that of another program, or of a robot, or
    the device is one that is known by its own words (a TV, a watch)."""
    listed = programs.find(user_agent)
    if (listed and listed.is_listed) or bots.is_robots_name(own.name) or not own.model:
        return None
    maker, model = ("Apple", own_form.apple_name(own.model)) if not own.is_android else ("", own.model)
    if own.is_android:
        # In the words of a browser's header, of which the makers' names are known.
        words = f"Mozilla/5.0 (Linux; Android {own.system_version}; {own.model})"
        evidence = gather(words, NO_HINTS)
        maker, model = models.find(evidence, own.system)
        if evidence.machine is not None:
            return None
    return _client(
        kind=OWN_KINDS.get(own.system, "app"),
        maker=maker,
        model=model,
        browser=own.name,
        browser_version=own.version,
        system=own.system,
        system_version=own.system_version,
    )


def _program(program: programs.Program, evidence: Evidence) -> Client:
    base, machine = evidence.base, evidence.machine
    system, system_version = program.system, program.system_version
    if system is None:
        system, system_version = systems.find(evidence)
    elif machine and machine.system:
        system, machines_version = systems.find(evidence)
        system_version = machines_version or system_version
    name, version = program.name, program.version
    if not program.is_listed and base.browser not in NAMELESS and "/" not in base.browser:
        # ua-parser knows it by a better name than its first word.
        name = BROWSERS.get(base.browser, unquote(base.browser, errors="replace"))
        is_its_own = program.name.casefold().startswith(name.casefold())
        version = base.browser_version or (program.version if is_its_own else "")
    if machine and not machine.has_browser:
        name = version = ""
    maker, model = models.find(evidence, system) if system else ("", "")
    kind = (machine.kind if machine else "") or program.kind
    if not kind and system:  # without a system the header says nothing of the machine
        kind = kinds.by_last_resort(evidence)
        if kind == "tablet" and system == "Android":  # so the package calls whatever does not say "Mobile"
            kind = "app"
    return _client(
        kind=kind,
        maker=maker,
        model=model,
        browser=name,
        browser_version=version,
        system=system,
        system_version=system_version,
    )


def _browser(evidence: Evidence) -> Client:
    machine = evidence.machine
    browser, browser_version = browsers.find(evidence)
    system, system_version = systems.find(evidence)
    is_dalvik = evidence.header.startswith("Dalvik/")  # Android's own HTTP client, in an app without a name
    is_engine = (browser == "Safari" and system not in APPLE) or (browser == "Android" and is_dalvik)
    if is_engine or (machine and not machine.has_browser):
        browser = browser_version = ""
    maker, model = models.find(evidence, system)
    return _client(
        kind="app" if is_dalvik and machine is None else kinds.find(evidence, system, model),
        maker=maker,
        model=model,
        browser=browser,
        browser_version=browser_version,
        system=system,
        system_version=system_version,
    )


def _client(*, kind: str, **parts: str) -> Client:
    """Return a client with every part short, tidy and without markup; no version without a name."""
    names = {key: text.name(part) for key, part in parts.items() if not key.endswith("_version")}
    versions = {
        f"{key}_version": text.version(parts.get(f"{key}_version")) if names.get(key) else ""
        for key in ("browser", "system")
    }
    return Client(kind=kind, **names, **versions)
