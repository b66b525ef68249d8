"""Where the time of an authenticated GET goes: `python -m benchmarks.profile [PEER] [LINES]`, on PostgreSQL.

cProfile makes every Python call dearer than it is: compare lines with each other, not with the tables of `make bench`.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import BY_NAME, OURS
from benchmarks.workers import Worker

REQUESTS = 3_000


def work() -> dict[str, Any]:
    from benchmarks.requests import Requests, cookie_header, sign_in

    def profile(lines: int) -> None:
        requests = Requests([cookie_header(sign_in())])
        requests.warm()
        profiler = cProfile.Profile()
        profiler.runcall(requests.sample, REQUESTS)
        pstats.Stats(profiler, stream=sys.stderr).strip_dirs().sort_stats("cumulative").print_stats(lines)

    return {"profile": profile}


if __name__ == "__main__":
    arguments = dict(enumerate(sys.argv[1:]))
    peer = BY_NAME[arguments.get(0, OURS.name)]
    with postgres("profile") as database, Worker(peer, "benchmarks.profile", database) as worker:
        worker.ask("profile", lines=int(arguments.get(1, "60")))
