"""Which browser on which system a User-Agent header names. What it cannot say stays unknown."""

from __future__ import annotations

from functools import lru_cache

from user_agents import parse as parse_user_agent

from sessions_ui.client.info import Client

MAX_USER_AGENT = 512  # what is longer is cut before any pattern sees it

# Frozen by the browsers (user-agent reduction): the header names a version, the machine has another.
FROZEN_VERSIONS = {("Mac OS X", "10.15.7"), ("Windows", "10"), ("Android", "10")}
SYSTEMS = {"Mac OS X": "macOS"}
BROWSERS = {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Mobile Safari": "Safari",
    "Edge Mobile": "Edge",
    "Opera Mobile": "Opera",
    "Samsung Internet": "Samsung Internet",
}
PLACEHOLDER_MODELS = {
    "K",
    "Other",
    "Generic Smartphone",
    "Generic Tablet",
    "Generic Feature Phone",
    "Smartphone",
}


def cut(user_agent: str) -> str:
    """As it is stored: at most 512 characters, without control characters (PostgreSQL refuses NUL)."""
    return "".join(char for char in user_agent[:MAX_USER_AGENT] if char.isprintable())


@lru_cache(maxsize=4096)
def parse(user_agent: str) -> Client:
    """Pure and cached: parsed at sign-in or when the client changes, never at rendering."""
    if not user_agent:
        return Client()
    agent = parse_user_agent(cut(user_agent))
    system = _known(agent.os.family)
    system_version = "" if (system, agent.os.version_string) in FROZEN_VERSIONS else agent.os.version_string
    model = agent.device.model or ""
    browser = _known(agent.browser.family)
    return Client(
        kind=_kind(agent),
        maker="" if model in PLACEHOLDER_MODELS else _known(agent.device.brand),
        model="" if model in PLACEHOLDER_MODELS else model[:64],
        browser=BROWSERS.get(browser, browser),
        browser_version=_version(agent.browser.version_string) if browser else "",
        system=SYSTEMS.get(system, system),
        system_version=_version(system_version) if system else "",
    )


def _known(name: str | None) -> str:
    return "" if name in (None, "Other", "Generic") else str(name)[:64]


def _version(text: str) -> str:
    """Without the zeros that reduced user agents put where the real numbers were: "141", not "141.0.0"."""
    while text.endswith(".0"):
        text = text.removesuffix(".0")
    return text[:32]


def _kind(agent) -> str:  # type: ignore[no-untyped-def]
    if agent.is_bot:
        return "bot"
    if agent.is_tablet:
        return "tablet"
    if agent.is_mobile:
        return "phone"
    if agent.is_pc:
        return "computer"
    return ""
