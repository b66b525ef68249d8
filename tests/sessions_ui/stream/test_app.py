"""Who gets a stream, what it says, and what it holds while it is open."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone

from sessions_ui.actions.devices.rename import rename_device
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.stream import app, database
from sessions_ui.stream.watcher import POLL_SECONDS, watcher
from tests.models import Device, EndReason, Session
from tests.sessions_ui.stream.conftest import SECONDS

pytestmark = pytest.mark.django_db(transaction=True)


async def end_everything(user: Any) -> None:
    await sync_to_async(end_user_sessions)(user=user, reason=EndReason.PASSWORD_CHANGED)


async def test_a_stream_is_not_buffered_nor_kept(stream: Any, signed_in: Any, user: Any) -> None:
    opened = await stream(await signed_in(user))
    assert opened.status == 200
    assert opened.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert opened.headers["cache-control"] == "no-store"
    assert opened.headers["x-accel-buffering"] == "no"
    assert opened.greeting.startswith("retry: ")


async def test_a_stream_tells_of_the_end_and_closes(stream: Any, signed_in: Any, user: Any) -> None:
    opened = await stream(await signed_in(user))
    await opened.settle()
    await end_everything(user)
    assert await opened.heard() == "ended"
    assert await opened.heard() == ""
    await opened.is_over()
    assert watcher().count() == 0


async def test_an_end_here_is_told_without_waiting_for_the_next_look(
    stream: Any, signed_in: Any, user: Any, only_wakes: None
) -> None:
    opened = await stream(await signed_in(user))
    await opened.settle()
    await end_everything(user)
    assert await opened.heard() == "ended"


def test_the_next_look_comes_within_a_second() -> None:
    assert POLL_SECONDS == 0.8


async def test_another_device_is_a_change_and_no_end(stream: Any, signed_in: Any, user: Any) -> None:
    opened = await stream(await signed_in(user))
    await opened.settle()
    await signed_in(user)
    assert await opened.heard() == "changed"
    device = await Device.objects.afirst()
    await sync_to_async(rename_device)(device=device, name="Kitchen", actor=user)
    assert await opened.heard() == "changed"


@pytest.fixture
async def looks(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`await looks(2)`: two more looks are over, and what they saw was told."""
    look, loop = database.look, asyncio.get_running_loop()
    done: asyncio.Queue[None] = asyncio.Queue()

    def look_and_count(*args: Any) -> database.Sight:
        sight = look(*args)
        loop.call_soon_threadsafe(done.put_nowait, None)
        return sight

    monkeypatch.setattr(database, "look", look_and_count)

    async def wait_for(number: int) -> None:
        while not done.empty():
            done.get_nowait()
        for _ in range(number + 1):  # when the next one is over, what the last one saw was told
            await done.get()

    return wait_for


async def test_what_happened_is_told_once_however_often_is_looked(
    stream: Any, signed_in: Any, user: Any, looks: Any
) -> None:
    """The sign-in stays among what happened lately for a minute."""
    opened = await stream(await signed_in(user))
    await opened.settle()
    await looks(2)
    assert await opened.is_silent(0)


async def test_a_stream_beside_an_older_one_is_told_what_happened_lately(
    stream: Any, signed_in: Any, user: Any, looks: Any
) -> None:
    """The older one has heard of it; the page of the new one may not show it yet."""
    keys = [await signed_in(user) for _ in range(2)]
    older = await stream(keys[0])
    await older.settle()
    await looks(1)
    await (await stream(keys[1])).settle()
    assert await older.is_silent(0)


async def test_a_stream_is_told_nothing_of_others(
    stream: Any, signed_in: Any, user: Any, other_user: Any
) -> None:
    opened, others = await stream(await signed_in(user)), await stream(await signed_in(other_user))
    await opened.settle()
    await others.settle()
    await end_everything(other_user)
    assert await others.heard() == "ended"
    assert await opened.is_silent(0.1)


async def test_nobody_gets_an_answer_after_which_a_browser_does_not_ask_again(
    stream: Any, signed_in: Any, user: Any
) -> None:
    assert (await stream()).status == 204
    assert (await stream("unknown")).status == 204
    key = await signed_in(user)
    await end_everything(user)
    assert (await stream(key)).status == 204


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"method": "POST"}, 405),
        ({"headers": {"sec-fetch-site": "cross-site"}}, 403),
        ({"headers": {"sec-fetch-site": "same-site"}}, 403),
        ({"headers": {"origin": "https://elsewhere.example"}}, 403),
        ({"headers": {"host": "elsewhere.example"}}, 400),
        ({"headers": {"sec-fetch-site": "same-origin", "origin": "http://testserver"}}, 200),
    ],
)
async def test_only_our_own_pages_get_one(
    stream: Any, signed_in: Any, user: Any, options: dict[str, Any], status: int
) -> None:
    assert (await stream(await signed_in(user), **options)).status == status


async def test_a_user_has_so_many_and_no_more(
    stream: Any, signed_in: Any, user: Any, other_user: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "STREAMS_PER_USER": 2}
    key = await signed_in(user)
    first, second = await stream(key), await stream(key)
    assert (first.status, second.status, (await stream(key)).status) == (200, 200, 429)
    assert (await stream(await signed_in(other_user))).status == 200
    await first.close()
    assert (await stream(key)).status == 200


async def test_a_stream_is_no_activity(stream: Any, signed_in: Any, user: Any) -> None:
    key = await signed_in(user)
    long_ago = timezone.now() - timedelta(days=3)
    await Session.objects.aupdate(last_seen_at=long_ago)
    await (await stream(key)).settle()
    assert (await Session.objects.aget()).last_seen_at == long_ago


async def test_a_silent_stream_has_a_heartbeat(
    stream: Any, signed_in: Any, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "HEARTBEAT_SECONDS", 3600)
    opened = await stream(await signed_in(user))
    await opened.settle()
    assert await opened.is_silent(0.3)
    monkeypatch.setattr(app, "HEARTBEAT_SECONDS", 0.05)
    beating = await stream(await signed_in(user))
    body = b""
    while b": still here\n\n" not in body:
        body = (await beating._client.receive_output(SECONDS))["body"]


async def test_a_browser_that_leaves_frees_its_place(stream: Any, signed_in: Any, user: Any) -> None:
    opened = await stream(await signed_in(user))
    assert watcher().count(user.pk) == 1
    await opened.close()
    assert watcher().count(user.pk) == 0


async def test_a_server_that_stops_closes_it(
    stream: Any, signed_in: Any, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = await stream(await signed_in(user))
    await opened.settle()
    monkeypatch.setattr("sessions_ui.stream.watcher.server_stops", lambda: True)
    assert await opened.heard() == ""


async def test_without_a_database_it_says_so(
    stream: Any, signed_in: Any, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    def down(key: str) -> None:
        raise OperationalError("down")

    key = await signed_in(user)
    monkeypatch.setattr(database, "enter", down)
    assert (await stream(key)).status == 503


async def test_streams_hold_neither_threads_nor_connections(
    stream: Any, signed_in: Any, user: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "STREAMS_PER_USER": 100}
    key = await signed_in(user)
    await stream(key)  # whatever is started once is running now
    before = threading.active_count(), await sync_to_async(open_connections)()
    opened = [await stream(key) for _ in range(50)]
    assert {each.status for each in opened} == {200}
    # Two threads let browsers in, two look: all of them are shared, and not all need have been there before.
    assert threading.active_count() <= before[0] + 4
    await asyncio.sleep(1.2)  # the watcher has looked in between
    assert await sync_to_async(open_connections)() <= before[1] + 4


def open_connections() -> int:
    """Of this database, on PostgreSQL; elsewhere the server counts none, and only the threads tell."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])
