"""Every scenario on clusters of its own: `python -m tests.clusters`, or `make test-clusters`.

    python -m tests.clusters --only galera
    python -m tests.clusters --list

Needs the programs of PostgreSQL, MariaDB with galera-4 and rsync, RabbitMQ and Redis (Debian: postgresql,
mariadb-server, galera-4, rsync, rabbitmq-server, redis-server); what is not there is left out, and said so. Each
scenario starts its servers in a folder and on ports of its own, and ends them. Prints a table of what was counted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from typing import Any

from tests.clusters.report import as_table
from tests.clusters.scenario import NOT_HERE, SCENARIOS


def run(name: str, *, require_all: bool) -> dict[str, Any] | None:
    """The report; `wrong` where it has failed, None where it was left out."""
    began = time.monotonic()
    # The servers of this scenario are the only ones that it may find.
    environment = {key: value for key, value in os.environ.items() if not key.endswith("_URL")}
    command = [sys.executable, "-m", "tests.clusters.scenario", name]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        printed, errors = process.communicate()
    finally:
        process.terminate()  # it ends its servers; nothing to do where it is over
        process.wait()
    if process.returncode == NOT_HERE and not require_all:
        say(f"{name}: left out, {errors.strip()}")
        return None
    seconds = f"{time.monotonic() - began:.0f} s"
    if process.returncode:
        say(f"{name}: FAILED in {seconds}\n{printed}{errors}")
        return {"name": name, "wrong": ["it did not come to its end"]}
    report: dict[str, Any] = json.loads(printed.splitlines()[-1])
    say(f"{name}: {'FAILED' if report['wrong'] else 'passed'} in {seconds}")
    if report["wrong"]:
        say(errors + "\n".join(report["wrong"]))
    return report


def say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.clusters", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only", action="append", default=[], help="part of a scenario's name; may be repeated"
    )
    parser.add_argument("--list", action="store_true", help="their names")
    parser.add_argument("--require-all", action="store_true", help="fail where a program is not there")
    arguments = parser.parse_args()
    parts = [part.lower() for part in arguments.only]
    chosen = [name for name in SCENARIOS if not parts or any(part in name.lower() for part in parts)]
    if arguments.list:
        say("\n".join(chosen))
        return 0
    reports = [report for name in chosen if (report := run(name, require_all=arguments.require_all))]
    say("\n" + as_table([report for report in reports if "acknowledged" in report]))
    return 1 if any(report["wrong"] for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
