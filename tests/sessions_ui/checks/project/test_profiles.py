"""Profiles of timeouts: what they set, what wins over them, and what is said of what undoes them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from sessions_ui.conf import conf
from sessions_ui.conf.base import for_user
from sessions_ui.conf.profiles import PROFILES
from tests.sessions_ui.checks.project.test_setup import ids

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)


def chosen(settings: Any, **given: Any) -> None:
    settings.SESSIONS_UI = given


@pytest.mark.parametrize(
    ("profile", "absolute", "idle"),
    [
        ("", None, None),
        ("aal1", timedelta(days=30), None),
        ("aal2", 24 * HOUR, HOUR),
        ("aal3", 12 * HOUR, QUARTER),
        ("pci", None, QUARTER),
    ],
)
def test_a_profile_sets_what_the_project_does_not_say(
    profile: str, absolute: timedelta | None, idle: timedelta | None, settings: Any
) -> None:
    chosen(settings, PROFILE=profile)
    assert (conf.absolute_timeout, conf.idle_timeout) == (absolute, idle)
    assert (for_user(conf.absolute_timeout, None), for_user(conf.idle_timeout, None)) == (absolute, idle)
    assert conf.not_remembered_timeout is conf.session_limit is None


def test_what_the_project_says_wins(settings: Any) -> None:
    chosen(settings, PROFILE="aal3", IDLE_TIMEOUT=None, ABSOLUTE_TIMEOUT=lambda user: HOUR)
    assert conf.idle_timeout is None
    assert for_user(conf.absolute_timeout, "ada") == HOUR


def test_a_profile_that_there_is_not_sets_nothing_silently(settings: Any) -> None:
    for profile in ("aal4", ["aal2"]):
        chosen(settings, PROFILE=profile)
        with pytest.raises(ImproperlyConfigured, match="one of aal1, aal2, aal3, pci, not"):
            _ = conf.idle_timeout
        assert "sessions_ui.E094" in ids()


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, []),
        ({"IDLE_TIMEOUT": HOUR}, []),
        ({"IDLE_TIMEOUT": QUARTER, "ABSOLUTE_TIMEOUT": HOUR}, []),
        ({"IDLE_TIMEOUT": lambda user: None}, []),
        ({"IDLE_TIMEOUT": HOUR + timedelta(seconds=1)}, ["IDLE_TIMEOUT"]),
        ({"IDLE_TIMEOUT": None}, ["IDLE_TIMEOUT"]),
        ({"IDLE_TIMEOUT": timedelta(0)}, ["IDLE_TIMEOUT"]),
        (
            {"IDLE_TIMEOUT": None, "ABSOLUTE_TIMEOUT": timedelta(days=30)},
            ["ABSOLUTE_TIMEOUT", "IDLE_TIMEOUT"],
        ),
    ],
)
def test_what_is_weaker_than_the_profile_is_named(
    given: dict[str, Any], names: list[str], settings: Any
) -> None:
    chosen(settings, PROFILE="aal2", **given)
    named = [message.msg.split()[0] for message in run_checks() if message.id == "sessions_ui.W095"]
    assert named == names


def test_without_a_profile_nothing_is_weaker(settings: Any) -> None:
    chosen(settings, IDLE_TIMEOUT=None)
    assert not ids() & {"sessions_ui.E094", "sessions_ui.W095"}


def in_words(time: timedelta | None) -> str:
    if time is None:
        return "none"
    if time.days > 1:
        return f"{time.days} days"
    hours, minutes = divmod(int(time.total_seconds()) // 60, 60)
    return f"{hours} hour{'s' if hours > 1 else ''}" if not minutes else f"{minutes} minutes"


def test_the_page_has_the_same_figures() -> None:
    page = (Path(__file__).parents[4] / "docs" / "assurance.md").read_text(encoding="utf-8")
    for name, figures in PROFILES.items():
        absolute, idle = (in_words(figures.get(key)) for key in ("ABSOLUTE_TIMEOUT", "IDLE_TIMEOUT"))
        absolute = "none of its own" if name == "pci" else absolute
        assert f"| `{name}` | {absolute} | {idle} | " in page
