"""Interleavings B, D, E and F of the cached engines: there is no cached copy here that an ending could miss."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache

from sessions_ui.actions.endings.end import end_sessions, end_user_sessions
from sessions_ui.store import SessionStore
from tests.models import EndReason, Session

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(browser: Any, user: Any) -> str:
    client = browser()
    client.force_login(user)
    return client.cookies["sessionid"].value


def is_signed_in(key: str) -> bool:
    return SessionStore(key).get_user().is_authenticated


def test_a_row_that_was_read_before_the_end_fills_nothing(user: Any, key: str) -> None:
    """B and F: a request reads, the session ends, the request goes on with what it read."""
    reader = SessionStore(key)
    assert reader.get_user() == user
    end_user_sessions(user=user, reason=EndReason.DEVICE_LOST)
    dict(reader.items())
    assert not is_signed_in(key)


@pytest.mark.parametrize("how", ["end_sessions", "QuerySet.delete", "QuerySet.update"])
def test_an_ending_in_bulk_leaves_no_copy_alive(how: str, key: str) -> None:
    """D."""
    assert is_signed_in(key)
    if how == "end_sessions":
        end_sessions(sessions=Session.objects.all(), reason=EndReason.INCIDENT)
    elif how == "QuerySet.delete":
        Session.objects.all().delete()
    else:
        Session.objects.update(ended_at=Session.objects.get().signed_in_at, end_reason=EndReason.INCIDENT)
    assert not is_signed_in(key)


def test_a_cache_that_is_down_changes_nothing(user: Any, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """E: neither signing in, nor being signed in, nor ending asks a cache."""

    def down(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError

    cache = caches["default"]
    for name in ("get", "set", "add", "delete", "get_many", "set_many", "incr", "touch"):
        assert hasattr(BaseCache, name)
        monkeypatch.setattr(type(cache), name, down)
    assert is_signed_in(key)
    end_user_sessions(user=user, reason=EndReason.DEVICE_LOST)
    assert not is_signed_in(key)
    monkeypatch.undo()
    assert not is_signed_in(key), "and nothing comes back with it"
