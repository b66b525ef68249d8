"""An authenticated GET on PostgreSQL: `request.user` is asked for its name. In process, through the whole handler,
without a socket, on a connection that is kept. Ours with its defaults: last activity tracked, device cookie sent. Wall
time is the median of the requests, CPU time that of the Django process alone, both in microseconds; × is against
Django db.
"""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import CACHED_DB, DJANGO_DB, OURS, OURS_UNPREPARED, PEERS, Peer
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import Sample, paired, ratio, wall_and_cpu, workers

HEAD = ["engine", "SQL", "wall µs", "CPU µs", "wall ×", "CPU ×"]


def work() -> dict[str, Any]:
    from benchmarks.requests import Requests, cookie_header, sign_in

    requests = Requests([cookie_header(sign_in())])

    def warm() -> list[str]:
        requests.warm()
        return requests.sql()

    return {"warm": warm, "sample": requests.sample}


def measure(scale: Scale) -> Result:
    peers = [*PEERS, OURS_UNPREPARED]
    samples, statements = sampled(peers, postgres, scale)
    base, cached, ours, unprepared = (
        samples[peer.name] for peer in (DJANGO_DB, CACHED_DB, OURS, OURS_UNPREPARED)
    )
    return Result(
        title="Authenticated request, PostgreSQL",
        text=(__doc__ or "").strip(),
        head=HEAD,
        rows=rows(peers, samples, statements),
        targets=[
            Target("Authenticated GET against Django db, wall", ratio(ours, base, "wall"), most=0.28),
            Target("the same, CPU", ratio(ours, base, "cpu"), most=0.45),
            Target("the same, not prepared (a pooler), wall", ratio(unprepared, base, "wall"), most=0.45),
            Target(
                "Authenticated GET against cached_db on Redis, wall", ratio(ours, cached, "wall"), most=0.65
            ),
            Target("the same, CPU", ratio(ours, cached, "cpu"), most=0.65),
        ],
    )


def sampled(
    peers: list[Peer], database: Any, scale: Scale
) -> tuple[dict[str, list[Sample]], dict[str, list[str]]]:
    with workers(peers, sys.modules[__name__], database) as those:
        statements = {name: worker.ask("warm") for name, worker in those.items()}
        return paired(those, scale.rounds, "sample", count=scale.requests), statements


def rows(
    peers: list[Peer],
    samples: dict[str, list[Sample]],
    statements: dict[str, list[str]],
    base: Peer = DJANGO_DB,
) -> list[list[str]]:
    return [
        [peer.label, str(len(statements[peer.name])), *wall_and_cpu(samples[peer.name], samples[base.name])]
        for peer in peers
    ]
