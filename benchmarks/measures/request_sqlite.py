"""The same on SQLite (WAL), for the engines that keep their sessions in the database. There is no round trip to a
server here, so what is left is Django's own work.
"""

from __future__ import annotations

from benchmarks.databases import sqlite
from benchmarks.measures.request import HEAD, rows, sampled
from benchmarks.peers import ALLAUTH, DJANGO_DB, FLOOR, OURS, QSESSIONS_DB, USER_SESSIONS
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import ratio

PEERS = [DJANGO_DB, USER_SESSIONS, QSESSIONS_DB, ALLAUTH, OURS, FLOOR]


def measure(scale: Scale) -> Result:
    samples, statements = sampled(PEERS, sqlite, scale)
    ours, base = samples[OURS.name], samples[DJANGO_DB.name]
    return Result(
        title="Authenticated request, SQLite",
        text=(__doc__ or "").strip(),
        head=HEAD,
        rows=rows(PEERS, samples, statements),
        targets=[
            Target(
                "Authenticated GET on SQLite against Django db, wall", ratio(ours, base, "wall"), most=0.30
            ),
            Target("the same, CPU", ratio(ours, base, "cpu"), most=0.45),
        ],
    )
