"""What the settings say of how long addresses are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sessions_ui.checks.privacy import forgetting


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        (None, []),
        (timedelta(days=4), []),
        (timedelta(days=4, seconds=-1), ["sessions_ui.W116"]),
        (timedelta(0), ["sessions_ui.E115"]),
        (timedelta(days=-1), ["sessions_ui.E115"]),
        (30, ["sessions_ui.E115"]),
    ],
)
def test_when_addresses_go(given: Any, ids: list[str], settings: Any) -> None:
    settings.SESSIONS_UI = {"FORGET_CLIENTS_AFTER": given}
    assert [message.id for message in forgetting()] == ids
