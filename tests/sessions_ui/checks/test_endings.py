"""Settings of endings that would silently end nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.sessions_ui.checks.project.test_setup import ids


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("PASSWORD_CHANGE_ENDS", "nothing", "E020"),
        ("FACTOR_CHANGE_ENDS", "always", "E020"),
        ("EMAIL_CHANGE_ENDS", True, "E020"),
        ("ACCESS_FLAGS", ["is_boss"], "W021"),
        ("ACCESS_PERMISSIONS", ["change_session"], "E022"),
        ("SIGN_OUT_UNUSED_MONTHS", 4, "E027"),
        ("SIGN_OUT_UNUSED_WARNING", timedelta(days=92), "E028"),
    ],
)
def test_the_check_names_a_wrong_setting(name: str, value: Any, number: str, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, name: value}
    assert f"sessions_ui.{number}" in ids()


def test_sound_ones_have_nothing_to_say(settings: Any) -> None:
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "PASSWORD_CHANGE_ENDS": "all",
        "FACTOR_CHANGE_ENDS": "others",
        "EMAIL_CHANGE_ENDS": "others",
        "ACCESS_FLAGS": ["is_staff"],
        "ACCESS_PERMISSIONS": ["sessions_ui.change_session"],
        "SIGN_OUT_UNUSED_MONTHS": 3,
        "SIGN_OUT_UNUSED_WARNING": timedelta(days=91),
    }
    assert ids() == set()
