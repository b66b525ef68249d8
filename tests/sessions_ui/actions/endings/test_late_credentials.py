"""A credential that another package makes while the account's tokens end is not good afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models.signals import post_save

from sessions_ui import context
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.receivers import watch_credentials
from tests.keys import Keys, Unwilling, bridged, keys_of, make_keys
from tests.models import EndReason, Event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _watched(settings: Any) -> Iterator[None]:
    bridged(settings, Keys)
    watch_credentials(Keys())
    yield
    assert post_save.disconnect(sender=LogEntry, dispatch_uid="sessions_ui.bridges.keys")


@contextmanager
def a_request(*, began: float = 0.0) -> Iterator[None]:
    """`began`: that many seconds ago."""
    acting = context.Acting()
    acting.began = time.monotonic() - began
    token = context.begin(acting)
    try:
        yield
    finally:
        context.finish(token)


def test_what_a_request_makes_that_began_before_the_end_is_ended(user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
    with a_request(began=60):
        make_keys(user)
    assert keys_of(user) == 0
    event = Event.objects.get(kind=Event.Kind.CREDENTIALS_ENDED)
    assert (event.reason, event.data) == ("password_reset", {"package": "keys", "count": 1})


def test_what_a_request_makes_that_began_after_it_stays(user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
    time.sleep(0.05)
    with a_request():
        make_keys(user)
    assert keys_of(user) == 1


def test_a_request_that_ended_them_itself_may_make_new_ones(user: Any) -> None:
    with a_request(began=60):
        end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
        make_keys(user)
    assert keys_of(user) == 1


def test_a_decision_that_leaves_tokens_leaves_what_is_under_way(user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE)
    with a_request(began=60):
        make_keys(user)
    assert keys_of(user) == 1


def test_somebody_elses_decision_is_nobodys(user: Any, other_user: Any) -> None:
    end_user_sessions(user=other_user, reason=EndReason.PASSWORD_RESET)
    with a_request(began=60):
        make_keys(user)
    assert keys_of(user) == 1


def test_outside_of_a_request_nothing_is_asked(user: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        make_keys(user)


def test_a_bridge_that_cannot_be_watched_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Unwatched(Unwilling):
        def models(self) -> Any:
            raise LookupError("no such model")

    watch_credentials(Unwatched())
    assert "cannot be watched: LookupError" in caplog.text
