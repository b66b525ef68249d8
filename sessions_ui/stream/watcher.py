"""One task for all open streams of a process: asks the database for them together, once a second, and when woken."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from sessions_ui import wake
from sessions_ui.conf import conf
from sessions_ui.stream import database, relay
from sessions_ui.stream.stopping import server_stops
from sessions_ui.stream.tail import Tail

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.8  # an open page is to hear within a second, the way to it included
THOROUGHLY_SECONDS = 30.0  # what only Python can tell is asked less often

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
    """Belongs to one event loop; `_note()` alone may be called from other threads. Its task runs while there is
    anything to watch."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watches: dict[str, set[Watch]] = {}  # by user
        self._woken_for: set[str] = set()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def count(self, user_id: Any = None) -> int:
        """How many streams are open, or how many of one user."""
        if user_id is not None:
            return len(self._watches.get(str(user_id), ()))
        return sum(map(len, self._watches.values()))

    def add(self, watch: Watch) -> None:
        """From now on it is told, beginning with what has happened since its session was looked up."""
        self._watches.setdefault(watch.user, set()).add(watch)
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
            self._woken.set()  # the task sees that there is nothing left to do

    def _note(self, users: wake.Users) -> None:
        """Somebody committed something (`wake.py`)."""
        try:
            self._loop.call_soon_threadsafe(self._wake, users)
        except RuntimeError:  # the loop was closed before its watcher had ended
            wake.forget(self._note)

    def _wake(self, users: Collection[str] | None) -> None:
        concerned = self._watches.keys() if users is None else self._watches.keys() & users
        if concerned:
            self._woken_for |= concerned
            self._woken.set()

    async def _run(self) -> None:
        wake.listen(self._note)
        relaying = (
            self._loop.create_task(relay.listen(conf.redis_url, self._wake)) if conf.redis_url else None
        )
        try:
            await self._watch()
        finally:
            wake.forget(self._note)
            if relaying is not None:
                relaying.cancel()

    async def _watch(self) -> None:
        tail: Tail | None = None
        next_poll = next_thorough = 0.0
        while self._watches:
            if server_stops():
                self._tell_all(CLOSING)
            try:
                if tail is None:
                    tail = Tail(await self._ask(database.first_floor))
                now = self._loop.time()
                thoroughly = now >= next_thorough
                if now >= next_poll:
                    users = set(self._watches)
                    next_poll = now + POLL_SECONDS
                    next_thorough = now + THOROUGHLY_SECONDS if thoroughly else next_thorough
                else:
                    users = self._woken_for & self._watches.keys()
                self._woken_for = set()
                self._woken.clear()
                if users:
                    await self._look(tail, users, thoroughly=thoroughly)
            except Exception:  # every driver has errors of its own; the next look comes in a second
                logger.warning("Open tabs could not be looked after", exc_info=True)
                next_poll = self._loop.time() + POLL_SECONDS
                self._woken.clear()
            try:
                async with asyncio.timeout_at(next_poll):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def _look(self, tail: Tail, users: set[str], *, thoroughly: bool) -> None:
        watches = [watch for user in users for watch in self._watches[user]]
        session_ids = {watch.session_id for watch in watches}
        user_ids = {watch.user_id for watch in watches}
        sight = await self._ask(database.look, session_ids, user_ids, tail.floor, thoroughly)
        news, recent = tail.news(sight, self._loop.time())
        for watch in watches:
            if watch.session_id not in sight.alive:
                self.remove(watch)
                watch.tell(ENDED)
            elif watch.user in (recent if watch.is_new else news):
                watch.tell(CHANGED)
            watch.is_new = False

    def _tell_all(self, what: str) -> None:
        for watches in self._watches.values():
            for watch in watches:
                watch.tell(what)

    def _ask(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        return self._loop.run_in_executor(database.watching, database.giving_back, function, *args)


_watchers: WeakKeyDictionary[asyncio.AbstractEventLoop, Watcher] = WeakKeyDictionary()


def watcher() -> Watcher:
    """That of the running event loop."""
    loop = asyncio.get_running_loop()
    if (found := _watchers.get(loop)) is None:
        found = _watchers[loop] = Watcher(loop)
    return found


@contextmanager
def watched(session_id: int, user_id: Any, tell: Callable[[str], None]) -> Iterator[None]:
    """While the context lasts, `tell` is called in this event loop with ENDED (at most once), CHANGED or CLOSING.

    For anything that stays open longer than a request: the stream of `with_stream()`, a host's own socket. What has
    happened since the session was looked up is told, too.
    """
    watch, own = Watch(session_id, user_id, tell), watcher()
    own.add(watch)
    try:
        yield
    finally:
        own.remove(watch)
