"""That open tabs were told of the end is written down: when, once, and without harm to the stream."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.stream import database
from tests.models import EndReason, Session
from tests.sessions_ui.stream.conftest import noted

pytestmark = pytest.mark.django_db(transaction=True)


async def end_everything(user: Any) -> None:
    await sync_to_async(end_user_sessions)(user=user, reason=EndReason.DEVICE_LOST)


async def test_a_session_whose_tab_was_told_says_when(
    stream: Any, signed_in: Any, user: Any, other_user: Any
) -> None:
    key = await signed_in(user)
    await signed_in(user)  # nobody looks at this one
    await signed_in(other_user)
    opened = await stream(key)
    await opened.settle()
    await end_everything(user)
    assert await opened.heard() == "ended"
    await noted()
    told = await Session.objects.aget(tabs_told_at__isnull=False)
    first = await Session.objects.filter(user=user).order_by("pk").afirst()
    assert told == first
    assert told.ended_at is not None
    assert told.ended_at <= told.tabs_told_at <= timezone.now()


async def test_what_cannot_be_written_is_only_missing(
    stream: Any, signed_in: Any, user: Any, other_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(**_options: Any) -> int:
        raise OperationalError("down")

    monkeypatch.setattr(database, "note_tabs_told", down)
    opened, other = await stream(await signed_in(user)), await stream(await signed_in(other_user))
    await opened.settle()
    await other.settle()
    await end_everything(user)
    assert await opened.heard() == "ended"
    await noted()
    await end_everything(other_user)
    assert await other.heard() == "ended"
    await noted()
    assert not await Session.objects.filter(tabs_told_at__isnull=False).aexists()
