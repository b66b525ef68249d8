"""Lost, not me and everywhere void whatever lets a browser skip a second factor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sessions_ui import signals
from sessions_ui.actions.endings.end import end_user_sessions
from tests.models import EndReason

pytestmark = pytest.mark.django_db


@pytest.fixture
def voided() -> Iterator[list[tuple[Any, EndReason]]]:
    heard: list[tuple[Any, EndReason]] = []

    def listen(sender: Any, user_id: Any, reason: EndReason, **kwargs: Any) -> None:
        heard.append((user_id, reason))

    signals.trust_voided.connect(listen)
    yield heard
    signals.trust_voided.disconnect(listen)


@pytest.mark.parametrize("reason", [EndReason.DEVICE_LOST, EndReason.NOT_ME, EndReason.SIGNED_OUT_EVERYWHERE])
def test_the_host_hears_of_it_even_if_nothing_was_signed_in(
    reason: EndReason, user: Any, voided: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        end_user_sessions(user=user, reason=reason)
        assert voided == []
    assert voided == [(user.pk, reason)]


def test_an_ordinary_ending_voids_nothing(
    user: Any, browser: Any, voided: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    browser().force_login(user)
    with django_capture_on_commit_callbacks(execute=True):
        end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_REMOTELY)
    assert voided == []
