"""`provider`: one that the site knows; a new one for each test, with the same keys: they take their time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sessions_ui.sso import documents, keys
from tests.openid.provider import Key, Provider, running


@pytest.fixture(scope="session")
def rsa_key() -> Key:
    return Key("RS256")


@pytest.fixture(scope="session")
def other_key() -> Key:
    return Key("ES256")


@pytest.fixture
def provider(rsa_key: Key, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    monkeypatch.setattr(
        documents, "SECONDS", 60
    )  # it answers at once, on a machine that has nothing else to do
    with running(rsa_key) as provider:
        settings.SESSIONS_UI = {**settings.SESSIONS_UI, "PROVIDERS": {"example": provider.settings()}}
        yield provider
    keys._all.clear()
