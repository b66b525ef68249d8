"""A level of commits that there is none of, or that does nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sessions_ui.checks.project import commits
from tests.sessions_ui.checks.project.test_setup import ids


@pytest.fixture
def vendor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "connections", {"default": SimpleNamespace(vendor=request.param)})


@pytest.mark.parametrize("level", ["off", "sometimes", True])
def test_the_check_names_a_level_that_no_decision_may_have(level: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SYNCHRONOUS_COMMIT": level}
    assert "sessions_ui.E045" in ids()


@pytest.mark.parametrize("vendor", ["mysql", "sqlite"], indirect=True)
@pytest.mark.usefixtures("vendor")
def test_the_check_says_that_another_database_knows_no_such_level(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SYNCHRONOUS_COMMIT": "on"}
    assert "sessions_ui.W046" in ids()


@pytest.mark.parametrize("vendor", ["postgresql"], indirect=True)
@pytest.mark.parametrize("level", ["", "local", "remote_write", "on", "remote_apply"])
@pytest.mark.usefixtures("vendor")
def test_every_level_is_sound_on_postgresql(level: str, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SYNCHRONOUS_COMMIT": level}
    assert ids() == set()


@pytest.mark.parametrize("vendor", ["mysql", "sqlite"], indirect=True)
@pytest.mark.usefixtures("vendor")
def test_a_database_without_such_levels_is_sound_without_one() -> None:
    assert ids() == set()
