from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.sessions_ui.checks.project.test_setup import ids


@pytest.mark.parametrize("way", ["flag", "challenge", "end"])
def test_what_may_follow_from_a_suspicious_sign_in(way: str, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SUSPICIOUS_SIGN_INS": way}
    assert "sessions_ui.E026" not in ids()


def test_the_check_names_what_may_not(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SUSPICIOUS_SIGN_INS": "ignore"}
    assert "sessions_ui.E026" in ids()


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"YOUNG_SESSION": timedelta(hours=8), "ABSOLUTE_TIMEOUT": timedelta(hours=8)}, True),
        ({"YOUNG_SESSION": timedelta(hours=7), "ABSOLUTE_TIMEOUT": timedelta(hours=8)}, False),
        ({"NOT_REMEMBERED_TIMEOUT": timedelta(hours=12)}, True),
        ({"ABSOLUTE_TIMEOUT": None}, False),
        ({"ABSOLUTE_TIMEOUT": lambda user: timedelta(hours=1)}, False),
    ],
)
def test_a_young_session_must_be_able_to_grow_old(
    given: dict[str, Any], refused: bool, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **given}
    assert ("sessions_ui.E090" in ids()) is refused


def test_the_guard_of_credentials_needs_the_page_of_the_proof(settings: Any) -> None:
    assert "sessions_ui.W091" not in ids()
    settings.ROOT_URLCONF = "sessions_ui.help_desk.urls"
    assert "sessions_ui.W091" in ids()
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CREDENTIAL_GUARD": False}
    assert "sessions_ui.W091" not in ids()
