"""Nothing falls between two looks, two connections or two transactions."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections, transaction
from django.utils import timezone

from sessions_ui.actions.devices.rename import rename_device
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.audit import events
from sessions_ui.stream import database
from tests.models import Device, EndReason, Event, Session
from tests.sessions_ui.stream.conftest import SECONDS

pytestmark = pytest.mark.django_db(transaction=True)


def end_everything(user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE)


def rename(user: Any, name: str) -> None:
    rename_device(device=Device.objects.filter(user_id=user.pk).latest("pk"), name=name, actor=user)


async def test_what_ended_while_no_stream_was_open(stream: Any, signed_in: Any, user: Any) -> None:
    key = await signed_in(user)
    await (await stream(key)).close()
    await sync_to_async(end_everything)(user)
    assert (await stream(key)).status == 204


async def test_what_happened_while_no_stream_was_open(stream: Any, signed_in: Any, user: Any) -> None:
    key = await signed_in(user)
    first = await stream(key)
    await first.settle()
    await first.close()
    await sync_to_async(rename)(user, "Kitchen")
    assert await (await stream(key)).heard() == "changed"


async def test_what_ended_between_the_look_up_and_the_watch(
    stream: Any, signed_in: Any, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter = database.enter

    def enter_and_end(key: str) -> database.Entrance:
        entrance = enter(key)
        end_everything(user)
        return entrance

    key = await signed_in(user)
    monkeypatch.setattr(database, "enter", enter_and_end)
    assert await (await stream(key)).heard() == "ended"


async def test_what_ended_in_the_midst_of_a_look_is_an_end_and_no_change(
    stream: Any, signed_in: Any, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    still_alive = database.still_alive

    def ask_and_end(session_ids: Any, **options: Any) -> set[int]:
        alive = still_alive(session_ids, **options)
        monkeypatch.setattr(database, "still_alive", still_alive)
        end_everything(user)
        return alive

    opened = await stream(await signed_in(user))
    await opened.settle()
    monkeypatch.setattr(events, "wake", lambda user_ids: None)
    monkeypatch.setattr(database, "still_alive", ask_and_end)
    assert await opened.heard() == "ended"


async def test_an_ending_that_sent_no_signal(stream: Any, signed_in: Any, user: Any) -> None:
    opened = await stream(await signed_in(user))
    await opened.settle()
    await type(user).objects.filter(pk=user.pk).aupdate(is_active=False)
    assert await opened.heard() == "ended"


async def test_a_session_that_runs_out(stream: Any, signed_in: Any, user: Any) -> None:
    opened = await stream(await signed_in(user))
    await opened.settle()
    await Session.objects.aupdate(expires_at=timezone.now())
    assert await opened.heard() == "ended"


async def test_a_timeout_that_only_python_can_tell(
    stream: Any, signed_in: Any, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_ui.stream.watcher.THOROUGHLY_SECONDS", 0.1)
    opened = await stream(await signed_in(user))
    await opened.settle()
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "ABSOLUTE_TIMEOUT": lambda user: timedelta(microseconds=1),
    }
    assert await opened.heard() == "ended"


class Late:
    """A transaction in a connection of its own: has its event's number at once, and commits when told to."""

    def __init__(self, user: Any) -> None:
        self._user = user
        self._has_number, self._may_commit = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.number = 0

    def begin(self) -> Late:
        self._thread.start()
        assert self._has_number.wait(SECONDS)
        return self

    def commit(self) -> None:
        self._may_commit.set()
        self._thread.join(SECONDS)

    def _work(self) -> None:
        try:
            with transaction.atomic():
                self.number = events.append(Event.Kind.DEVICE_RENAMED, user_id=self._user.pk).pk
                self._has_number.set()
                self._may_commit.wait(SECONDS)
        finally:
            connections.close_all()


async def test_a_transaction_that_commits_late(
    stream: Any, signed_in: Any, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the wake that follows the commit: the look of the next second must find it, behind a larger number.

    SQLite has one writer, which nobody overtakes: there the second event waits, and comes second.
    """
    opened = await stream(await signed_in(user))
    await opened.settle()
    monkeypatch.setattr(events, "wake", lambda user_ids: None)
    one_writer = connection.vendor == "sqlite"
    late = Late(user)
    if not one_writer:
        await sync_to_async(late.begin)()
    await sync_to_async(rename)(user, "Overtakes")
    assert await opened.heard() == "changed"
    if one_writer:
        await sync_to_async(late.begin)()
    overtaker = await Event.objects.alatest("pk") if not one_writer else None
    await sync_to_async(late.commit)()
    assert overtaker is None or late.number < overtaker.pk
    assert await opened.heard() == "changed"
