from __future__ import annotations

from typing import Any

import pytest

from tests.sessions_ui.checks.test_setup import ids


@pytest.mark.parametrize("way", ["flag", "challenge", "end"])
def test_what_may_follow_from_a_suspicious_sign_in(way: str, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SUSPICIOUS_SIGN_INS": way}
    assert "sessions_ui.E026" not in ids()


def test_it_names_what_may_not(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SUSPICIOUS_SIGN_INS": "ignore"}
    assert "sessions_ui.E026" in ids()
