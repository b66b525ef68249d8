"""One scenario in a process of its own, since Django reads its settings once: `python -m tests.clusters.scenario NAME`.

Prints its report as a line of JSON.
"""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.clusters import failovers, services, two_writers
from tests.clusters.processes import NotHere, Processes
from tests.clusters.report import Report

NOT_HERE = 3  # exit code

SCENARIOS: dict[str, Callable[[Processes], Report]] = {
    "PostgreSQL, synchronous standby": partial(failovers.postgresql, waits=True, stalls=False),
    "PostgreSQL, synchronous standby, stalled": partial(failovers.postgresql, waits=True, stalls=True),
    "PostgreSQL, decisions alone wait, stalled": partial(
        failovers.postgresql, waits=True, stalls=True, level="local", decisions="on"
    ),
    "PostgreSQL, nothing waits, stalled (what is lost then)": partial(
        failovers.postgresql, waits=False, stalls=True
    ),
    "Galera, one writer": failovers.galera,
    "Galera, two writers by mistake": two_writers.galera_two_writers,
    "RabbitMQ, quorum queue": services.rabbitmq,
    "Redis, cache and broker": services.redis,
}


def main(name: str) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # not without ending the servers
    with tempfile.TemporaryDirectory(prefix="clusters-") as folder, Processes(Path(folder)) as processes:
        try:
            report = SCENARIOS[name](processes)
        except NotHere as missing:
            print(f"{missing} is not installed", file=sys.stderr)
            return NOT_HERE
        except Exception:
            show_logs(Path(folder))
            raise
        if report.wrong:
            show_logs(Path(folder))
    report.name = name
    print(json.dumps(report.as_row()))
    return 0


def show_logs(folder: Path) -> None:
    for log in sorted(folder.glob("*.log")):
        print(f"--- {log.name}", log.read_text(errors="replace")[-3_000:], sep="\n", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
