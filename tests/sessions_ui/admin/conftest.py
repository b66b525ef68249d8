"""Who opens the admin in most of these tests."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def admin(browser: Any, administrator: Any) -> Any:
    client = browser()
    client.force_login(administrator)
    return client
