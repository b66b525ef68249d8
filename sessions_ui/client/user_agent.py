"""Which client a User-Agent header and its client hints name. What they cannot say stays unknown.

`user-agents` on ua-parser's patterns is the base. On top of it: what frozen headers leave to the hints, machines,
apps and tools that it does not know, and the names that people use. docs/clients.md tells the rules in words.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from user_agents import parse as parse_base

from sessions_ui.client import bots, browsers, hardware, programs, systems, text
from sessions_ui.client.hardware import Hardware
from sessions_ui.client.hints import NO_HINTS, Hints
from sessions_ui.client.info import Client
from sessions_ui.client.names import APPLE, BROWSERS, NAMELESS, PLACEHOLDER_MODELS, SYSTEMS, known
from sessions_ui.client.text import MAX_USER_AGENT, cut

__all__ = ["MAX_USER_AGENT", "cut", "parse"]

REDUCED_ANDROID = re.compile(r"Android 10; K(?=[;)])")
# The model as the header has it: user-agents' own loses what it takes for the maker's name.
ANDROID_MODEL = re.compile(
    r"Android [\d.]+; (?:[a-z]{2}[-_][A-Za-z]{2}; |HarmonyOS; )?(?:SAMSUNG |HUAWEI )?"
    r"((?:[^;()]|\([^()]*\))+?)(?: Build/|;|\)|$)"
)
GENERIC_MAKER = re.compile(r"^Generic|^Spider$")
FORM_FACTORS = {"Watch": "watch", "Tablet": "tablet", "Mobile": "phone", "Desktop": "computer"}
COMPUTERS = frozenset({"Windows", "macOS", "Chrome OS"})


def parse(user_agent: str, hints: Hints = NO_HINTS) -> Client:
    """Pure and cached: parsed at sign-in or when the client changes, never at rendering."""
    return _parse(cut(user_agent), hints)


@lru_cache(maxsize=4096)
def _parse(user_agent: str, hints: Hints) -> Client:
    if not user_agent and hints == NO_HINTS:
        return Client()
    if robot := bots.known(user_agent):
        return _robot(*robot)
    machine = hardware.find(user_agent)
    base = parse_base(_unreduced(user_agent, hints))
    if program := programs.find(user_agent):
        return _program(program, machine, user_agent, base)
    browser = known(base.browser.family)
    if base.is_bot or bots.is_robots_name(browser):
        by_base = (BROWSERS.get(browser, browser), base.browser.version_string)
        return _robot(*by_base if browser not in NAMELESS else bots.named(user_agent) or by_base)
    program = programs.named_by_itself(user_agent, has_machine=machine is not None)
    if program and (program.kind or browser in NAMELESS):
        return _program(program, machine, user_agent, base)
    return _browser(user_agent, hints, base, machine)


def _unreduced(user_agent: str, hints: Hints) -> str:
    """Android's header as it was before Chromium froze it, with what the hints say in the place of "10; K"."""
    if not hints.model:
        return user_agent
    version = hints.platform_version.partition(".")[0] or "10"
    return cut(REDUCED_ANDROID.sub(lambda _: f"Android {version}; {hints.model}", user_agent, count=1))


def _robot(name: str, version: str) -> Client:
    """What a robot says of its system is a disguise."""
    return Client(kind="bot", browser=text.name(name), browser_version=text.version(version))


def _program(program: programs.Program, machine: Hardware | None, user_agent: str, base: Any) -> Client:
    system, version = program.system, program.system_version
    if system is None:
        system, version = systems.find(user_agent, NO_HINTS, base, machine)
    maker, model = _model(user_agent, base, machine) if system else ("", "")
    name, number = program.name, program.version
    by_base = known(base.browser.family)
    if (
        not program.is_listed and by_base not in NAMELESS
    ):  # ua-parser knows it by a better name than its first word
        name, number = BROWSERS.get(by_base, unquote(by_base, errors="replace")), base.browser.version_string
    kind = machine.kind if machine else program.kind
    has_browser = machine is None or machine.has_browser
    return _client(
        kind=kind,
        maker=maker,
        model=model,
        browser=name if has_browser else "",
        browser_version=number if has_browser else "",
        system=machine.system or system if machine else system,
        system_version=machine.system_version or version if machine else version,
    )


def _browser(user_agent: str, hints: Hints, base: Any, machine: Hardware | None) -> Client:
    unreduced = _unreduced(user_agent, hints)
    machine = machine or hardware.find(unreduced)
    browser, browser_version = browsers.find(user_agent, hints, base)
    system, system_version = systems.find(unreduced, hints, base, machine)
    is_dalvik = user_agent.startswith("Dalvik/")  # Android's own HTTP client, in an app without a name
    is_engine = (browser == "Safari" and system not in APPLE) or (browser == "Android" and is_dalvik)
    if is_engine or (machine and not machine.has_browser):
        browser = browser_version = ""
    maker, model = ("Apple", "iPad") if system == "iPadOS" else _model(unreduced, base, machine)
    return _client(
        kind="app" if is_dalvik and machine is None else _kind(unreduced, hints, base, machine, system),
        maker=maker,
        model=model or hints.model,
        browser=browser,
        browser_version=browser_version,
        system=system,
        system_version=system_version,
    )


def _kind(user_agent: str, hints: Hints, base: Any, machine: Hardware | None, system: str) -> str:
    if machine:
        return machine.kind
    factors = [FORM_FACTORS[factor] for factor in FORM_FACTORS if factor in hints.form_factors]
    if factors:
        return factors[0]
    if system in ("iPadOS", "Fire OS"):
        return "tablet"
    if system in ("Android", "HarmonyOS"):
        is_phone = "Mobile" in user_agent or hints.mobile is True or "Opera Mini" in user_agent
        return "phone" if is_phone and "Tablet" not in user_agent else "tablet"
    if system in COMPUTERS or base.is_pc or "Wayland" in user_agent:
        return "computer"
    return (
        "phone"
        if base.is_mobile or (system and "Mobile" in user_agent)
        else "tablet"
        if base.is_tablet
        else ""
    )


def _model(user_agent: str, base: Any, machine: Hardware | None) -> tuple[str, str]:
    """(maker, model), each empty where unknown."""
    if machine and machine.model:
        return machine.maker, machine.model
    match = ANDROID_MODEL.search(user_agent)
    model = match[1] if match else known(base.device.model)
    if model in PLACEHOLDER_MODELS or "rv:" in model:
        return "", ""
    if base.device.model == "iPod":
        model = "iPod touch"
    maker = known(base.device.brand)
    return (
        machine.maker if machine and machine.maker else "" if GENERIC_MAKER.match(maker) else maker
    ), model


def _client(**parts: str) -> Client:
    """Every part short, tidy and without markup."""
    versions = {"browser_version", "system_version"}
    tidy = {key: text.version(part) if key in versions else text.name(part) for key, part in parts.items()}
    tidy["system"] = SYSTEMS.get(tidy["system"], tidy["system"])
    if not tidy["browser"]:
        tidy["browser_version"] = ""
    if not tidy["system"]:
        tidy["system_version"] = ""
    return Client(**tidy)
