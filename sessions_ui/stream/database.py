"""The queries of the streams: each in a thread, and the connection is given back before the answer is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connections, router
from django.db.models import Max
from django.utils import timezone

from sessions_ui.actions.sessions.open_tabs import still_alive
from sessions_ui.actions.sessions.tabs_told import note_tabs_told
from sessions_ui.audit.events import QUIET
from sessions_ui.models import Event, Heartbeat
from sessions_ui.store import SessionStore

logger = logging.getLogger(__name__)

T = TypeVar("T")

CHUNK = 1_000  # primary keys named in one statement
# An event whose transaction commits late has a smaller number than those that were read before it.
OVERLAP = timedelta(seconds=60)

# Few threads for any number of streams, and none waits for another: a look does not wait for an entrance that waits for
# a lock, nor a look after a wake for the look at everybody.
entering = ThreadPoolExecutor(max_workers=2, thread_name_prefix="sessions-ui-enter")
polling = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sessions-ui-poll")
answering = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sessions-ui-answer")
noting = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sessions-ui-note")


@dataclass(frozen=True, slots=True)
class Entrance:
    """Whose session a cookie holds, as a request would find it. `late`: the key was replaced a moment ago."""

    session_id: int | None = None
    user_id: Any = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """What a look at the database has found. `alive`: primary keys of the sessions that live. `events`: number and
    user of those above the floor, without the quiet ones. `newest`: number of the newest event of all before they
    were read."""

    alive: set[int]
    events: list[tuple[int, str]]
    newest: int


def giving_back(function: Callable[..., T], *args: Any) -> T:
    """Call `function` in this thread, and leave it without a database connection."""
    try:
        return function(*args)
    finally:
        connections.close_all()


def enter(session_key: str | None) -> Entrance:
    """Find out whose session a cookie holds, in one statement for a living session; a refusal is recorded as that of a
    request would be. Being asked for is no activity: nothing is touched."""
    store = SessionStore(session_key)
    row = store.resolve()
    if row is None or row.user_id is None:
        return Entrance(late=store.is_straggler)
    return Entrance(row.pk, row.user_id)


def look(session_ids: Collection[int], user_ids: Collection[Any], floor: int, thoroughly: bool) -> Sight:
    """Find out which sessions live and what has happened: one statement for a thousand sessions, one for a thousand
    users, and one for the newest event.

    The sessions are asked for last: where an event of an end has been seen, its session is seen to have ended, so a tab
    is never told of its own end as if it were a change.
    """
    events = Event.objects.using(router.db_for_write(Event))
    newest = events.aggregate(newest=Max("pk"))["newest"] or 0
    found: list[tuple[int, str]] = []
    if newest > floor:
        audible = events.filter(pk__gt=floor).exclude(kind__in=QUIET).order_by()
        for chunk in _chunks(user_ids):
            rows = audible.filter(user_id__in=chunk).values_list("pk", "user_id")
            found += [(pk, str(user_id)) for pk, user_id in rows]
    alive: set[int] = set()
    for chunk in _chunks(session_ids):
        alive |= still_alive(chunk, thoroughly=thoroughly)
    return Sight(alive, found, newest)


def note_told(session_ids: Collection[int], at: datetime) -> None:
    """Record that the tabs of these sessions were told of their end at `at`; one statement for a thousand. Best effort:
    what cannot be written is missing from the proof, and nothing else."""
    try:
        for chunk in _chunks(session_ids):
            note_tabs_told(session_ids=chunk, at=at)
    except Exception:  # every driver has errors of its own
        logger.warning("That open tabs were told of an end could not be noted", exc_info=True)


def note_streams(process: str, number: int) -> None:
    """Record how many streams this process has, for the metrics; best effort."""
    try:
        Heartbeat.beat(f"{Heartbeat.STREAMS}{process}", number)
    except Exception:  # every driver has errors of its own
        logger.warning("How many streams are open could not be noted", exc_info=True)


def first_floor() -> int:
    """Return the number of the newest event that is older than the overlap; it walks back from the end of the table."""
    events = Event.objects.using(router.db_for_write(Event))
    old = events.filter(at__lt=timezone.now() - OVERLAP).order_by("-pk")
    return old.values_list("pk", flat=True).first() or 0


def _chunks(keys: Collection[T]) -> Iterator[list[T]]:
    keys = list(keys)
    return (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))
