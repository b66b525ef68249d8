"""Checks of what the pages stand on."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_ui.checks import pages


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("sessions_ui.web.reauthentication.Reauthentication", False),
        ("accounts.reauthentication.AllauthReauthentication", False),
        ("accounts.reauthentication.Nowhere", True),
        ("no_dots", True),
        ("sessions_ui.web.reauthentication.Way", True),
        ("sessions_ui.web.reauthentication.reauthentication", True),
    ],
)
def test_how_people_confirm_who_they_are_is_a_class_of_ours(settings: Any, path: str, wrong: bool) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "REAUTHENTICATION": path}
    assert [found.id for found in pages.reauthentication()] == (["sessions_ui.E037"] if wrong else [])
