"""Ended sessions past the retention time, each with the event of its end, are purged in one run, while another
process writes to a living session all the time. *Memory* is what the purging process grew by at most, *longest
statement* how long a lock can have been held (each batch is one statement and one transaction), *longest wait* the
slowest of the other process's writes.
"""

from __future__ import annotations

import resource
import sys
import threading
import time
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import OURS
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import Worker

MODULE = sys.modules[__name__]
MEGABYTES = 50
SECONDS = 0.5


def work() -> dict[str, Any]:
    from celery import current_app
    from django.conf import settings
    from django.utils import timezone

    from benchmarks import fill
    from benchmarks.requests import executed, sign_in
    from sessions_ui.actions.endings.end import end_session
    from sessions_ui.actions.sessions.purge import purge_old
    from sessions_ui.models import EndReason, Event, Session, digest_of
    from sessions_ui.store import SessionStore

    current_app.conf.broker_url = "memory://"

    def prepare(count: int) -> None:
        key = sign_in()[settings.SESSION_COOKIE_NAME]
        rows = Session.objects.filter(digest=digest_of(key))
        end_session(session=rows.get(), reason=EndReason.SIGNED_OUT)
        long_ago = "now() - interval '200 days'"
        fill.sessions(key, count, {"ended_at": long_ago})
        event = Event.objects.get(kind=Event.Kind.ENDED)
        offset = rows.get().pk
        fill.copies(Event, event.pk, count, {"at": long_ago, "session_id": f"{offset} + i"})
        fill.analyze()

    def purge() -> dict[str, float]:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        longest = 0.0
        with executed() as statements:
            start = time.perf_counter()
            removed = purge_old()
            took = time.perf_counter() - start
            longest = max(seconds for _, seconds in statements)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        return {"removed": removed, "seconds": took, "longest": longest, "grown": grown}

    def write(seconds: float) -> dict[str, float]:
        """As a request does that changes its session."""
        own = sign_in()[settings.SESSION_COOKIE_NAME]
        waits = []
        until = time.perf_counter() + seconds
        while (start := time.perf_counter()) < until:
            store = SessionStore(own)
            store["at"] = timezone.now().isoformat()
            store.save()
            waits.append(time.perf_counter() - start)
            time.sleep(0.005)
        return {"longest": max(waits), "count": len(waits)}

    return {"prepare": prepare, "purge": purge, "write": write}


def measure(scale: Scale) -> Result:
    with postgres("purge") as database:
        with Worker(OURS, MODULE, database) as preparing:
            preparing.ask("prepare", count=scale.rows)
        with (
            Worker(OURS, MODULE, database, fresh=False) as purging,
            Worker(OURS, MODULE, database, fresh=False) as writing,
        ):
            waits = [0.0]
            done = threading.Event()

            def write() -> None:
                while not done.is_set():
                    waits.append(writing.ask("write", seconds=1.0)["longest"])

            thread = threading.Thread(target=write)
            thread.start()
            try:
                found = purging.ask("purge")
            finally:
                done.set()
                thread.join()
    return Result(
        title=f"Purging {scale.rows:,} ended sessions",
        text=(__doc__ or "").strip(),
        head=["rows removed", "seconds", "rows/s", "memory", "longest statement", "longest wait"],
        rows=[
            [
                f"{found['removed']:,}",
                f"{found['seconds']:.0f}",
                f"{found['removed'] / found['seconds']:,.0f}",
                f"{found['grown']:.1f} MB",
                f"{found['longest'] * 1e3:.0f} ms",
                f"{max(waits) * 1e3:.0f} ms",
            ]
        ],
        targets=[
            Target("Purge: memory that it takes", found["grown"], most=MEGABYTES, unit="MB"),
            Target("Purge: the longest statement", found["longest"], most=SECONDS, unit="s"),
        ],
    )
