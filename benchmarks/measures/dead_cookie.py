"""A GET with a cookie that signs nobody in: one that was never given out (*bogus*), and that of a session that was
signed out before (*dead*). Ours deletes the cookie and, for a dead one, sets the notice that says why. × is wall
time against Django db. django-user-sessions writes a row for every one of them.
"""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import DJANGO_DB, OURS, PEERS
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import median, paired, ratio, workers

COOKIES = {"bogus": 0.6, "dead": 0.7}  # and the most that either may cost against Django db
WITH_SESSIONS = [peer for peer in PEERS if peer.has_sessions]


def work() -> dict[str, Any]:
    from importlib import import_module

    from django.conf import settings

    from benchmarks.requests import Requests, cookie_header, sign_in

    name = settings.SESSION_COOKIE_NAME
    dead = sign_in()
    import_module(settings.SESSION_ENGINE).SessionStore().delete(dead[name])
    cookies = {"bogus": cookie_header({**dead, name: "0123456789" * 3 + "ab"}), "dead": cookie_header(dead)}
    requests = {kind: Requests([cookie], signed_in=False) for kind, cookie in cookies.items()}

    def warm(kind: str) -> list[str]:
        requests[kind].warm()
        return requests[kind].sql()

    def sample(kind: str, count: int) -> dict[str, float]:
        return requests[kind].sample(count)

    return {"warm": warm, "sample": sample}


def measure(scale: Scale) -> Result:
    with workers(WITH_SESSIONS, sys.modules[__name__], postgres) as those:
        sql = {kind: {name: those[name].ask("warm", kind=kind) for name in those} for kind in COOKIES}
        samples = {
            kind: paired(those, scale.rounds, "sample", kind=kind, count=scale.requests) for kind in COOKIES
        }
    base = {kind: samples[kind][DJANGO_DB.name] for kind in COOKIES}
    rows = []
    for peer in WITH_SESSIONS:
        row = [peer.label]
        for kind in COOKIES:
            own = samples[kind][peer.name]
            row += [
                str(len(sql[kind][peer.name])),
                f"{median(own, 'wall'):.0f}",
                f"{ratio(own, base[kind], 'wall'):.2f}",
            ]
        rows.append(row)
    targets = []
    for kind in COOKIES:
        ours = ratio(samples[kind][OURS.name], base[kind], "wall")
        targets.append(
            Target(f"Request with a {kind} cookie against Django db, wall", ours, most=COOKIES[kind])
        )
        targets.append(Target("the same, statements", len(sql[kind][OURS.name]), most=1))
    return Result(
        title="Bogus and dead cookies",
        text=(__doc__ or "").strip(),
        head=["engine", "bogus: SQL", "µs", "×", "dead: SQL", "µs", "×"],
        rows=rows,
        targets=targets,
    )
