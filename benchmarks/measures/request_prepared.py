"""The same with prepared statements: `OPTIONS = {"server_side_binding": True, "prepare_threshold": 5}` in `DATABASES`.
PostgreSQL then parses and plans the one statement once a connection. It is off in Django by default, since it needs
direct connections or a PgBouncer (1.21 or newer) with `max_prepared_statements`. × is against Django db without it.
"""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks.databases import postgres
from benchmarks.measures import request
from benchmarks.peers import DJANGO_DB, OURS
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import Worker, paired, ratio, wall_and_cpu

OPTIONS = {"": {}, ", prepared": {"server_side_binding": True, "prepare_threshold": 5}}


def measure(scale: Scale) -> Result:
    with ExitStack() as stack:
        those = {}
        for peer in (DJANGO_DB, OURS):
            for suffix, options in OPTIONS.items():
                name = f"{peer.name}{'_prepared' if options else ''}"
                database = stack.enter_context(postgres(name, options=options))
                those[peer.label + suffix] = stack.enter_context(Worker(peer, request, database))
        for worker in those.values():
            worker.ask("warm")
        samples = paired(those, scale.rounds, "sample", count=scale.requests)
    base, ours = samples[DJANGO_DB.label], samples[f"{OURS.label}, prepared"]
    return Result(
        title="Authenticated request, PostgreSQL, prepared statements",
        text=(__doc__ or "").strip(),
        head=[title for title in request.HEAD if title != "SQL"],
        rows=[[label, *wall_and_cpu(own, base)] for label, own in samples.items()],
        targets=[
            Target(
                "Authenticated GET, both with prepared statements, wall",
                ratio(ours, samples[f"{DJANGO_DB.label}, prepared"], "wall"),
                most=0.45,
            )
        ],
    )
