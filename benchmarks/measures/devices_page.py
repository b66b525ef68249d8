"""The page on which a person sees where they are signed in: six browsers, of which none is the same device as another,
through the whole handler, on PostgreSQL. What the pages say differs: ours names devices, flags what is new, and has
forms for each; the templates of the others are as they ship them. KiB are of the page, not compressed; × is CPU time
against allauth's page.
"""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import ALLAUTH, OURS_PAGES, USER_SESSIONS
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import median, paired, ratio, workers

PATHS = {
    USER_SESSIONS.name: "/account/sessions/",
    ALLAUTH.name: "/accounts/sessions/",
    OURS_PAGES.name: "/account/devices/",
}
PEERS = [USER_SESSIONS, ALLAUTH, OURS_PAGES]
BROWSERS = 6


def work() -> dict[str, Any]:
    from celery import current_app
    from django.conf import settings

    from benchmarks.requests import Requests, cookie_header, sign_in

    current_app.conf.broker_url = "memory://"  # the mails about new devices ask a worker to hurry
    cookies = [cookie_header(sign_in()) for _ in range(BROWSERS)]
    page = Requests(cookies[-1:], path=PATHS[settings.PEER.name])

    def warm() -> dict[str, float]:
        page.warm(30)
        return {"sql": len(page.sql()), "bytes": len(page.once())}

    return {"warm": warm, "sample": page.sample}


def measure(scale: Scale) -> Result:
    count = max(scale.requests // 10, 10)
    with workers(PEERS, sys.modules[__name__], postgres) as those:
        sizes = {name: worker.ask("warm") for name, worker in those.items()}
        samples = paired(those, scale.rounds, "sample", count=count)
    base = samples[ALLAUTH.name]
    return Result(
        title="The devices page",
        text=(__doc__ or "").strip(),
        head=["page", "SQL", "KiB", "ms wall", "ms CPU", "×"],
        rows=[
            [
                peer.label,
                f"{sizes[peer.name]['sql']}",
                f"{sizes[peer.name]['bytes'] / 1024:.0f}",
                f"{median(samples[peer.name], 'wall') / 1e3:.1f}",
                f"{median(samples[peer.name], 'cpu') / 1e3:.1f}",
                f"{ratio(samples[peer.name], base, 'cpu'):.2f}",
            ]
            for peer in PEERS
        ],
        targets=[Target("The devices page, statements", sizes[OURS_PAGES.name]["sql"], most=4)],
    )
