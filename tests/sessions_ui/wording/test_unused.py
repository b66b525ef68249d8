"""Words for what nobody uses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_ui.wording.unused import choice_text, chosen_text, not_used_text


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0, ""),
        (30, ""),
        (31, "Not used for 1 month"),
        (91, "Not used for 2 months"),
        (92, "Not used for 3 months"),
        (130, "Not used for 4 months"),
        (400, "Not used for 13 months"),
    ],
)
def test_for_how_long_it_was_not_used(days: int, text: str) -> None:
    now = timezone.now()
    assert not_used_text(now - timedelta(days=days), now) == text


@pytest.mark.parametrize(
    ("months", "text"), [(0, "Never"), (3, "After 3 months"), (6, "After 6 months"), (12, "After 12 months")]
)
def test_the_choices(months: int, text: str) -> None:
    assert choice_text(months) == text


def test_what_is_said_when_a_choice_is_saved() -> None:
    assert chosen_text(0, is_told=True) == "Saved. You chose not to sign out unused devices."
    ends = "Saved. Devices that you don’t use for 6 months will be signed out."
    assert chosen_text(6, is_told=False) == ends
    assert chosen_text(6, is_told=True) == f"{ends} We’ll email you a few days before."
