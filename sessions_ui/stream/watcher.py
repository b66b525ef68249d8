"""One task for all open streams of a process: asks the database for them together, once a second, and when woken."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from secrets import token_hex
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from django.utils import timezone

from sessions_ui.conf import conf
from sessions_ui.services import pubsub
from sessions_ui.stream import database, redis_listener
from sessions_ui.stream.shutdown import server_stops
from sessions_ui.stream.tail import Tail

logger = logging.getLogger(__name__)

T = TypeVar("T")

POLL_SECONDS = 0.8  # an open page should hear within a second, the time to reach it included
THOROUGHLY_SECONDS = 30.0  # what only Python can decide is checked less often

# What is told. None of it says more: who is told asks for the rest, as anybody does.
ENDED = "ended"  # this session is over; nothing else follows
CHANGED = "changed"  # something happened to the sessions or devices of this user
CLOSING = "closing"  # the server stops: whoever is told closes, and comes back to another one


class Watch:
    """One open stream: whose it is, and how to tell it."""

    __slots__ = ("is_new", "session_id", "tell", "user", "user_id")

    def __init__(self, session_id: int, user_id: Any, tell: Callable[[str], None]) -> None:
        self.session_id = session_id
        self.user_id = user_id
        self.user = str(user_id)  # as a wake names it
        self.tell = tell
        self.is_new = True


class Watcher:
    """Asks the database for all streams of one event loop. Its task runs while there is anything to watch. Only
    `_note()` may be called from other threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watches: dict[str, set[Watch]] = {}  # by user
        self._woken_for: set[str] = set()
        self._woken, self._vacant = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._tail: Tail | None = None  # known once the first look has begun
        self._fails = False
        self._name = token_hex(8)  # of its row in the metrics: one for each event loop

    def count(self, user_id: Any = None) -> int:
        """Return how many streams are open, or how many of one user."""
        if user_id is not None:
            return len(self._watches.get(str(user_id), ()))
        return sum(map(len, self._watches.values()))

    def add(self, watch: Watch) -> None:
        """Tell this stream from now on, beginning with what has happened since its session was looked up."""
        self._watches.setdefault(watch.user, set()).add(watch)
        self._vacant.clear()
        self._wake({watch.user})
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._run())

    def remove(self, watch: Watch) -> None:
        watches = self._watches.get(watch.user)
        if watches is None:
            return
        watches.discard(watch)
        if not watches:
            del self._watches[watch.user]
        if not self._watches:
            self._vacant.set()

    def _note(self, users: pubsub.Users) -> None:
        """Take note that somebody committed something (`pubsub.py`)."""
        try:
            self._loop.call_soon_threadsafe(self._wake, users)
        except RuntimeError:  # the loop was closed before its watcher had ended
            pubsub.forget(self._note)

    def _wake(self, users: Collection[str] | None) -> None:
        concerned = self._watches.keys() if users is None else self._watches.keys() & users
        if concerned:
            self._woken_for |= concerned
            self._woken.set()

    async def _run(self) -> None:
        pubsub.listen(self._note)
        helpers = [self._loop.create_task(self._answer_wakes())]
        if conf.redis_url:
            helpers.append(self._loop.create_task(redis_listener.listen(conf.redis_url, self._wake)))
        self._tail = None
        try:
            await self._poll()
        finally:
            pubsub.forget(self._note)
            for helper in helpers:
                helper.cancel()

    async def _poll(self) -> None:
        next_thorough = 0.0
        while self._watches:
            if server_stops():
                self._tell_all(CLOSING)
            began = self._loop.time()
            thoroughly = began >= next_thorough
            if thoroughly:
                next_thorough = began + THOROUGHLY_SECONDS
                self._ask(database.noting, database.note_streams, self._name, self.count())
            await self._try_to_look(None, database.polling, thoroughly=thoroughly)
            try:
                async with asyncio.timeout_at(max(began + POLL_SECONDS, self._loop.time())):
                    await self._vacant.wait()
            except TimeoutError:
                pass

    async def _answer_wakes(self) -> None:
        """Look after each wake, beside the polling: a look at thousands of streams must not keep the one waiting that
        was woken."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            users, self._woken_for = self._woken_for, set()
            if self._tail is not None:  # else the first look, which is still to come, is at all of them
                await self._try_to_look(users, database.answering)

    async def _try_to_look(
        self, users: set[str] | None, executor: Executor, *, thoroughly: bool = False
    ) -> None:
        """Look at the streams of these `users` (None for everybody who has one) and tell them. What fails is tried
        again by the next look."""
        try:
            if self._tail is None:
                self._tail = Tail(await self._ask(executor, database.first_floor))
            watches = [
                watch
                for user, of_user in self._watches.items()
                if users is None or user in users
                for watch in of_user
            ]
            session_ids = {watch.session_id for watch in watches}
            user_ids = {watch.user_id for watch in watches}
            sight = await self._ask(
                executor, database.look, session_ids, user_ids, self._tail.floor, thoroughly
            )
        except Exception:  # every driver has errors of its own
            if not self._fails:
                logger.warning("Open tabs cannot be looked after", exc_info=True)
            self._fails = True
            return
        self._fails = False
        self._tell(watches, sight, *self._tail.news(sight, self._loop.time()))

    def _ask(self, executor: Executor, function: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        return self._loop.run_in_executor(executor, partial(database.giving_back, function, *args))

    def _tell(self, watches: list[Watch], sight: database.Sight, news: set[str], recent: set[str]) -> None:
        ended = set()
        for watch in watches:
            if watch not in self._watches.get(watch.user, ()):
                continue  # left, or was told of its end by the other look
            if watch.session_id not in sight.alive:
                self.remove(watch)
                watch.tell(ENDED)
                ended.add(watch.session_id)
            elif watch.user in (recent if watch.is_new else news):
                watch.tell(CHANGED)
            watch.is_new = False
        if ended:  # not waited for: a row that somebody has locked must not keep the next look waiting
            self._ask(database.noting, database.note_told, ended, timezone.now())

    def _tell_all(self, what: str) -> None:
        for watches in self._watches.values():
            for watch in watches:
                watch.tell(what)


_watchers: WeakKeyDictionary[asyncio.AbstractEventLoop, Watcher] = WeakKeyDictionary()


def watcher() -> Watcher:
    """Return the watcher of the running event loop."""
    loop = asyncio.get_running_loop()
    if (found := _watchers.get(loop)) is None:
        found = _watchers[loop] = Watcher(loop)
    return found


@contextmanager
def watched(session_id: int, user_id: Any, tell: Callable[[str], None]) -> Iterator[None]:
    """Call `tell` in this event loop with ENDED (at most once), CHANGED or CLOSING, while the context lasts.

    For anything that stays open longer than a request: the stream of `with_stream()`, a host's own socket. What has
    happened since the session was looked up is told, too.
    """
    watch, own = Watch(session_id, user_id, tell), watcher()
    own.add(watch)
    try:
        yield
    finally:
        own.remove(watch)
