"""The first page of the admin's lists and the overview on a large table: sessions of 10,000 users over 60 days, nine in
ten ended, one in a thousand on a TV or from a rare country. The page is rendered whole, by a superuser's request.
The overview counts everything and is kept for a minute; its figure is the one without that.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import OURS_ADMIN
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import Worker

MODULE = sys.modules[__name__]
USERS = 10_000
MILLISECONDS = 150
ROUNDS = 9
LIST = "/admin/sessions_ui/session/"
PAGES = {
    "sessions": LIST,
    "sessions, page 20": f"{LIST}?p=20",
    "signed in": f"{LIST}?state=living",
    "on TVs (rare)": f"{LIST}?device_kind=tv",
    "from Iceland (rare)": f"{LIST}?country=IS",
    "from Germany (frequent)": f"{LIST}?country=DE",
    "lost devices (rare)": f"{LIST}?why=device_lost",
    "ended by idle timeout (frequent)": f"{LIST}?why=idle_timeout",
    "staff": f"{LIST}?staff=yes",
    "one user": f"{LIST}?q=user77",
    "devices": "/admin/sessions_ui/device/",
    "events": "/admin/sessions_ui/event/",
    "deliveries": "/admin/sessions_ui/delivery/",
}
OVERVIEW = "/admin/sessions_ui/session/overview/"


def work() -> dict[str, Any]:
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.core.cache import cache
    from django.db import connection

    from benchmarks import fill
    from benchmarks.requests import sign_in, signed_in_client
    from benchmarks.urls import USERNAME
    from sessions_ui.models import Device, Event, Session

    def prepare(rows: int) -> None:
        users: Any = get_user_model()
        bench = users._default_manager.get(username=USERNAME)
        fill.copies(users, bench.pk, USERS, {"username": "'user' || i", "is_staff": "mod(i, 500) = 0"})
        users._default_manager.filter(pk=bench.pk).update(is_staff=True, is_superuser=True)
        last = users._default_manager.order_by("pk").last()
        reason = "CASE WHEN mod(i, 1000) = 7 THEN 'device_lost' ELSE 'idle_timeout' END"
        ended = f"CASE WHEN mod(i, 10) = 0 THEN NULL ELSE now() - ({rows} - i) * interval '4 seconds' END"
        changes = {
            "user_id": f"{last.pk} - mod(i, {USERS})",
            "signed_in_at": f"now() - ({rows} - i) * interval '5 seconds'",
            "expires_at": "now() + interval '30 days'",
            "first_country": "CASE WHEN mod(i, 1000) = 7 THEN 'IS' ELSE 'DE' END",
            "ended_at": ended,
            "end_reason": f"CASE WHEN mod(i, 10) = 0 THEN '' ELSE {reason} END",
        }
        fill.sessions(sign_in()[settings.SESSION_COOKIE_NAME], rows, changes)
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {Device._meta.db_table} SET kind = CASE WHEN mod(id, 1000) = 7 THEN 'tv' ELSE 'phone' END"
            )
        event = Event.objects.latest("pk")
        offset = Session.objects.latest("pk").pk - rows
        fill.copies(
            Event, event.pk, rows, {"kind": "'ended'", "session_id": f"{offset} + i", "reason": reason}
        )
        fill.analyze()

    client = None

    def milliseconds(path: str, rounds: int) -> float:
        nonlocal client
        client = client or signed_in_client()
        times = []
        for _ in range(rounds + 1):
            cache.clear()
            start = time.perf_counter()
            response = client.get(path)
            times.append((time.perf_counter() - start) * 1e3)
            assert response.status_code == 200, (path, response.status_code)
        return statistics.median(times[1:])

    return {"prepare": prepare, "milliseconds": milliseconds}


def measure(scale: Scale) -> Result:
    with postgres("admin_lists") as database, Worker(OURS_ADMIN, MODULE, database) as worker:
        worker.ask("prepare", rows=scale.rows)
        found = {name: worker.ask("milliseconds", path=path, rounds=ROUNDS) for name, path in PAGES.items()}
        overview = worker.ask("milliseconds", path=OVERVIEW, rounds=3)
    slowest = max(found.values())
    return Result(
        title=f"The admin with {scale.rows:,} sessions",
        text=(__doc__ or "").strip(),
        head=["page", "ms, median"],
        rows=[[name, f"{value:.0f}"] for name, value in {**found, "overview": overview}.items()],
        targets=[
            Target("The slowest first page of the admin's lists", slowest, most=MILLISECONDS, unit="ms")
        ],
    )
