"""What `manage.py check` says about open tabs."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_ui.checks import live


def ids(messages: list[Any]) -> list[str]:
    return [str(message.id) for message in messages]


def test_a_site_under_asgi_with_redis_has_nothing_to_hear(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "REDIS_URL": "redis://cache.example"}
    assert [*live.stream(), *live.redis(), *live.clear_site_data()] == []


def test_it_names_a_site_that_has_no_stream(settings: Any) -> None:
    settings.ASGI_APPLICATION = None
    assert ids(live.stream()) == ["sessions_ui.W030"]
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "STREAM_URL": "/elsewhere"}
    assert live.stream() == []


def test_it_names_a_redis_that_nobody_can_reach(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "REDIS_URL": "redis://cache.example"}
    monkeypatch.setattr(live, "find_spec", lambda name: None)
    assert ids(live.redis()) == ["sessions_ui.W031"]


def test_it_names_reasons_that_are_none(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CLEAR_SITE_DATA": ["device_lost", "stolen"]}
    assert ids(live.clear_site_data()) == ["sessions_ui.W032"]
