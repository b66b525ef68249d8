"""What is stored about the owner of an account is not for support that uses it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Browser
from tests.models import Event

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("age", [timedelta(minutes=10), timedelta(0)], ids=["just confirmed", "long ago"])
@pytest.mark.parametrize("what", ["data", "log"])
@pytest.mark.parametrize("name", ["unlock", "download"])
def test_support_downloads_nothing(
    inside: Browser, name: str, what: str, age: timedelta, settings: Any
) -> None:
    """Nor is it led to a question first that only the owner could answer."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "REAUTHENTICATION_AGE": age}
    assert inside.post(f"/account/devices/{what}/{name}/", {"format": "csv", "place": ""}).status_code == 403
    assert not Event.objects.filter(kind="data_exported").exists()
