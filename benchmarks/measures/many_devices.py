"""The devices page of somebody with 20 devices, and of somebody with 1,000, through the whole handler, on PostgreSQL:
each device of a name, a place and a kind that many others have, so that all have to be told apart. KiB are of the page,
not compressed.
"""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import OURS_PAGES
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import Worker

MODULE = sys.modules[__name__]
PAGE = "/account/devices/"
MOST_MS = {20: 15, 1_000: 60}


def work() -> dict[str, Any]:
    from celery import current_app
    from django.conf import settings

    from benchmarks import fill
    from benchmarks.requests import Requests, cookie_header, sign_in
    from sessions_ui.models import Device, Session

    current_app.conf.broker_url = "memory://"  # the mails about new devices ask a worker to hurry
    cookies = sign_in()
    city = "json_build_object('city', 'City ' || mod(i, 50), 'country_code', 'NG')::jsonb"
    places = f"CASE WHEN mod(i, 7) = 0 THEN NULL ELSE {city} END"
    have = 1

    def grow(to: int) -> dict[str, float]:
        nonlocal have
        changes = {
            "signed_in_at": "now() - i * interval '1 minute'",
            "last_seen_at": "now() - i * interval '1 minute'",
            "place": places,
            "verdict": "''",
        }
        fill.sessions(cookies[settings.SESSION_COOKIE_NAME], to - have, changes, first=have)
        Device.objects.filter(pk__gt=Device.objects.earliest("pk").pk).update(
            browser="Chrome", system="Windows"
        )
        have = to
        assert Session.objects.living().count() == to
        fill.analyze()
        page = Requests([cookie_header(cookies)], path=PAGE)
        page.warm(10)
        return {"sql": len(page.sql()), "bytes": len(page.once())}

    def sample(count: int) -> dict[str, float]:
        return Requests([cookie_header(cookies)], path=PAGE).sample(count)

    return {"grow": grow, "sample": sample}


def measure(scale: Scale) -> Result:
    count = max(scale.requests // 5, 10)
    rows, targets = [], []
    with postgres("many_devices") as database, Worker(OURS_PAGES, MODULE, database) as worker:
        for devices, most in MOST_MS.items():
            size = worker.ask("grow", to=devices)
            samples = [worker.ask("sample", count=count) for _ in range(5)]
            fastest = min(samples, key=lambda sample: sample["wall"])
            wall, cpu = fastest["wall"] / 1e3, fastest["cpu"] / 1e3
            rows.append(
                [
                    f"{devices:,}",
                    f"{size['sql']:.0f}",
                    f"{size['bytes'] / 1024:.0f}",
                    f"{wall:.1f}",
                    f"{cpu:.1f}",
                ]
            )
            targets.append(Target(f"The devices page of {devices:,} devices, ms", wall, most=most))
    return Result(
        title="The devices page of many devices",
        text=(__doc__ or "").strip(),
        head=["devices", "SQL", "KiB", "ms wall", "ms CPU"],
        rows=rows,
        targets=targets,
    )
