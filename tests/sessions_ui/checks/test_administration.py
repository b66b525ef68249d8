"""Checks of what Django's admin asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sessions_ui.checks.administration import administration


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, []),
        ({"ADMIN_REAUTHENTICATION_AGE": None}, []),
        ({"ADMIN_REAUTHENTICATION_AGE": timedelta(minutes=5)}, []),
        ({"ADMIN_REAUTHENTICATION_AGE": timedelta(0)}, ["sessions_ui.E096"]),
        ({"ADMIN_REAUTHENTICATION_AGE": 3600}, ["sessions_ui.E096"]),
        ({"ADMIN_FACTOR_REQUIRED": True}, []),
        ({"ADMIN_FACTOR_REQUIRED": "yes"}, ["sessions_ui.E096"]),
        ({"ADMIN_FACTOR_REQUIRED": True, "ADMIN_REAUTHENTICATION_AGE": None}, ["sessions_ui.E096"]),
    ],
    ids=str,
)
def test_what_the_admin_asks_makes_sense(settings: Any, given: dict[str, Any], found: list[str]) -> None:
    settings.SESSIONS_UI = given
    assert [message.id for message in administration()] == found


def test_this_site_has_nothing_to_find() -> None:
    assert administration() == []
