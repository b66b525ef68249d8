"""The same request under an ASGI server: uvicorn (uvloop, httptools), one process a peer, psycopg's pool for all, 32
connections that ask again as soon as they are answered. The load generator, the server and PostgreSQL share the
machine. *View* is an ordinary view with `request.user`, *async view* one with `await request.auser()`; requests per
second, × against Django db.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.databases import postgres
from benchmarks.load import load
from benchmarks.peers import DJANGO_DB, OURS, PEERS, Peer
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import QUIET, Sample, median, ratio

CONNECTIONS = 32
POOL = 6  # a server is one busy core, and PostgreSQL has 100 connections for all of them
BODY = b"bench"
VIEWS = {"view": "/whoami", "async view": "/whoami-async"}
TARGETS = {"view": 2.0, "async view": 2.2}


def measure(scale: Scale) -> Result:
    samples: dict[str, dict[str, list[Sample]]] = {view: {peer.name: [] for peer in PEERS} for view in VIEWS}
    with ExitStack() as stack:
        servers = {peer.name: stack.enter_context(server(peer)) for peer in PEERS}
        names = list(servers)
        # The first rounds, which are thrown away, warm up threads and pools.
        for number in range(-1, scale.load_rounds):
            start = number % len(names)
            for name in names[start:] + names[:start]:
                for view, path in VIEWS.items():
                    sample = load(
                        servers[name]["port"],
                        path,
                        cookies=servers[name]["cookies"],
                        expect=BODY,
                        connections=CONNECTIONS,
                        seconds=scale.seconds,
                    )
                    if number >= 0:
                        samples[view][name].append(sample)
    rows = []
    for peer in PEERS:
        row = [peer.label]
        for view in VIEWS:
            own, base = samples[view][peer.name], samples[view][DJANGO_DB.name]
            row += [
                f"{median(own, 'rate'):.0f}",
                f"{median(own, 'p50'):.0f} / {median(own, 'p95'):.0f}",
                f"{ratio(own, base, 'rate'):.2f}",
            ]
        rows.append(row)
    targets = [
        Target(
            f"ASGI, {view}: requests per second against Django db",
            ratio(samples[view][OURS.name], samples[view][DJANGO_DB.name], "rate"),
            least=TARGETS[view],
        )
        for view in VIEWS
    ]
    return Result(
        title="Under an ASGI server, 32 connections",
        text=(__doc__ or "").strip(),
        head=["engine", "view: req/s", "ms p50 / p95", "×", "async view: req/s", "ms p50 / p95", "×"],
        rows=rows,
        targets=targets,
    )


@contextmanager
def server(peer: Peer) -> Iterator[dict[str, Any]]:
    with postgres(f"{peer.name}_asgi", pool=POOL) as database:
        process = subprocess.Popen(
            [sys.executable, *QUIET, "-m", "benchmarks.server"],
            env={**os.environ, "BENCH_PEER": peer.name, "BENCH_DATABASE": json.dumps(database)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            if not (line := process.stdout.readline()):
                raise RuntimeError(f"the server of {peer.name} died; its error stands above")
            yield json.loads(line)
        finally:
            process.terminate()
            process.wait()
