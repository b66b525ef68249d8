"""What docs/security.md says of lifetimes, limits and providers is so on this site."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from sessions_ui.conf.base import for_user
from sessions_ui.conf.lifetimes import LifetimeSettings
from sessions_ui.conf.sso import SingleSignOnSettings
from tools.controls import SETTINGS, documented_settings

ROOT: Path = settings.BASE_DIR
DOCS = ROOT / "docs"
UNITS = {"days": 86400, "hours": 3600, "hour": 3600, "minutes": 60}


def lifetimes() -> dict[str, list[str]]:
    """The rows of the table of lifetimes, by their first cell."""
    page = (DOCS / "security.md").read_text()
    table = page.split("| | Absolute | Idle |")[1].split("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {row[0].strip("*"): [cell.strip() for cell in row[1:]] for row in rows}


def duration(text: str) -> timedelta:
    number, unit = text.split()
    return timedelta(seconds=int(number) * UNITS[unit])


@pytest.mark.control("ASVS 7.1.1", "SP 800-63B 2.1.3")
def test_the_lifetimes_that_are_documented_are_those_of_the_site() -> None:
    absolute, idle, _limit = lifetimes()["This site, as shipped"]
    assert duration(absolute) == settings.SESSIONS_UI["ABSOLUTE_TIMEOUT"]
    assert duration(idle) == settings.SESSIONS_UI["IDLE_TIMEOUT"]
    assert duration(absolute) <= duration(lifetimes()["SP 800-63B, AAL1"][0])


@pytest.mark.control("ASVS 7.1.1")
def test_where_the_site_deviates_from_an_assurance_level_the_page_says_why() -> None:
    page = (DOCS / "security.md").read_text()
    absolute, idle, _limit = lifetimes()["This site, as shipped"]
    for level in ("AAL2", "AAL3"):
        limits = lifetimes()[f"SP 800-63B, {level}"]
        assert duration(absolute) > duration(limits[0]) and duration(idle) > duration(limits[1])
    why = page.split("**This site keeps to AAL1.**")[1].split("\n\n")[0]
    assert "deviation" in why and "What makes up for long sessions" in why


@pytest.mark.parametrize(
    ("is_staff", "absolute", "idle"), [(True, "12 hours", "15 minutes"), (False, "24 hours", "1 hour")]
)
def test_the_example_sets_the_limits_of_an_assurance_level(
    is_staff: bool, absolute: str, idle: str, settings: Any
) -> None:
    code = re.findall(r"```python\n(.*?)```", (DOCS / "security.md").read_text(), re.DOTALL)
    (example,) = (block for block in code if "IDLE_TIMEOUT" in block)
    made: dict[str, Any] = {}
    exec(example, made)
    settings.SESSIONS_UI = made["SESSIONS_UI"]

    class Somebody:
        pass

    user: Any = Somebody()
    user.is_staff = is_staff
    conf = LifetimeSettings()
    assert for_user(conf.absolute_timeout, user) == duration(absolute)
    assert for_user(conf.idle_timeout, user) == duration(idle)


@pytest.mark.control("ASVS 7.1.2")
def test_the_documented_number_of_browsers_is_that_of_the_site() -> None:
    assert lifetimes()["This site, as shipped"][2] == "any number"
    assert LifetimeSettings().session_limit is None
    page = (DOCS / "security.md").read_text()
    assert "**At the limit of browsers** (`SESSION_LIMIT`)" in page and "`SESSION_LIMIT_REFUSES`" in page


@pytest.mark.control("ASVS 7.1.3")
def test_what_coordinates_sessions_here_and_at_a_provider_is_documented() -> None:
    page = (DOCS / "single-sign-on.md").read_text()
    coordinating = {
        name.upper() for name, member in vars(SingleSignOnSettings).items() if isinstance(member, property)
    }
    coordinating |= {"IDLE_TIMEOUT", "ABSOLUTE_TIMEOUT", "REAUTHENTICATION_AGE"}
    assert {name for name in coordinating if f"`{name}`" not in page} == set()
    assert "`max_age`" in page and "`auth_time`" in page


@pytest.mark.control("ASVS 7.1.3")
def test_the_site_has_no_provider_as_the_page_says() -> None:
    page = " ".join((DOCS / "single-sign-on.md").read_text().split())
    assert "This repository's own site has no provider" in page
    assert "PROVIDERS" not in settings.SESSIONS_UI
    assert not [app for app in settings.INSTALLED_APPS if "socialaccount" in app]


def test_every_setting_that_the_threats_name_is_there() -> None:
    threats = (DOCS / "security.md").read_text().split("## Threats")[1].split("\n## ")[0]
    named = {
        name for names in re.findall(r"\[(`[A-Z_`, ]+`)\]", threats) for name in re.findall(r"[A-Z_]+", names)
    }
    assert len(named) > 15 and named - documented_settings(SETTINGS.read_text()).keys() == set()


def test_whoever_finds_a_weakness_finds_where_to_report_it() -> None:
    policy = (ROOT / "SECURITY.md").read_text()
    assert "Report a vulnerability" in policy
    assert not re.search(r"[\w.]+@[\w.]+|example\.(com|org)", policy), "no address that nobody reads"
    assert "](SECURITY.md)" in (ROOT / "README.md").read_text()
    assert "](../SECURITY.md)" in (DOCS / "security.md").read_text()
