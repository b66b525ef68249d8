"""All races under the transactions of every host: `python -m tests.races`, or `make test-races`.

    python -m tests.races --rounds 200
    python -m tests.races --only postgresql --only "SQLite, deferred"

Services come from the variables that `.ci/services` prints; a database that has none is left out, and said so. Prints
a table: each race with its rounds, and how often a session lived, an ending raised, somebody was wrongly signed out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COUNTS = ("rounds", "live", "raised", "wrongly_out")


@dataclass(frozen=True)
class Host:
    """A host project's database and transactions. `service`: the variable that says where it is; SQLite has none."""

    database: str
    transactions: str
    service: str
    environment: dict[str, str]

    @property
    def name(self) -> str:
        return f"{self.database}, {self.transactions}"


def hosts() -> Iterator[Host]:
    for atomic in (False, True):
        how = {"ATOMIC_REQUESTS": "1" if atomic else "0"}
        also = ", ATOMIC_REQUESTS" if atomic else ""
        for level in ("read committed", "repeatable read", "serializable"):
            yield Host("PostgreSQL", level + also, "DATABASE_URL", {"TRANSACTION_ISOLATION": level, **how})
        for level, says in (("", "Django's default"), ("server default", "the server's repeatable read")):
            yield Host("MariaDB", says + also, "MARIADB_URL", {"TRANSACTION_ISOLATION": level, **how})
        for mode in ("immediate", "deferred"):
            yield Host("SQLite", mode + also, "", {"SQLITE_TRANSACTIONS": mode, **how})
        yield Host("PgBouncer", "read committed" + also, "PGBOUNCER_URL", {"PGBOUNCER": "1", **how})


def environment_of(host: Host) -> dict[str, str] | None:
    """None where the database is not there."""
    own = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    if host.service:
        if not (address := os.environ.get(host.service)):
            return None
        # PgBouncer leads to the same PostgreSQL: the two must not take each other's test database.
        own["DATABASE_URL"] = address + ("_bounced" if host.database == "PgBouncer" else "")
    return own | host.environment


def run(host: Host, arguments: argparse.Namespace, table: Path) -> bool:
    environment = environment_of(host)
    if environment is None:
        say(f"{host.name}: left out, {host.service} is not set")
        return not arguments.require_all
    began = time.monotonic()
    environment |= {"RACE_TABLE": str(table), "RACE_ROUNDS": str(arguments.rounds)}
    # The tables of one database are made once: hosts differ in their transactions alone.
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "--tb=short", "--reuse-db", "tests/races"]
    done = subprocess.run([*command, *arguments.pytest], env=environment, capture_output=True, text=True)
    say(f"{host.name}: {'passed' if done.returncode == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s")
    if done.returncode:
        say(done.stdout + done.stderr)
    return done.returncode == 0


def say(text: str) -> None:
    print(text, flush=True)


def counts_of(table: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in table.read_text().splitlines()] if table.exists() else []


def as_table(rows: list[dict[str, Any]]) -> str:
    """A line a race, over all hosts and parameters."""
    sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    for row in rows:
        name = row["name"].partition("[")[0].removeprefix("test_").replace("_", " ")
        for count in COUNTS:
            sums[name][count] += row[count]
    lines = ["| race | rounds | live | raised | wrongly signed out |", "|---|---|---|---|---|"]
    for name, counts in sums.items():
        lines.append(f"| {name} | {' | '.join(f'{counts[count]:,}' for count in COUNTS)} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.races", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200, help="of each race; some are shares of it")
    parser.add_argument("--only", action="append", default=[], help="part of a host's name; may be repeated")
    parser.add_argument("--require-all", action="store_true", help="fail where a database is not there")
    parser.add_argument("pytest", nargs="*", help="after --, for pytest")
    arguments = parser.parse_args()
    by_database = defaultdict(list)
    for host in hosts():
        if not arguments.only or any(part.lower() in host.name.lower() for part in arguments.only):
            by_database[host.database].append(host)
    # All databases at a time: each waits for its locks much of it.
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:

        def one_after_another(database: str) -> bool:
            table = Path(folder) / database
            outcomes = [run(host, arguments, table) for host in by_database[database]]  # all, whatever failed
            return all(outcomes)

        passed = all(list(pool.map(one_after_another, by_database)))
        say("")
        say(as_table([row for database in by_database for row in counts_of(Path(folder) / database)]))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
