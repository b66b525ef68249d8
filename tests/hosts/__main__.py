"""`make test-hosts`: every suite without the app and with it, and whether exactly what is listed differs.

Exits with 1 where it does not. `--quick` is what CI has time for: few suites, with the app only. `--write` puts the
counts into docs/django-sessions.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.hosts.document import Row, write
from tests.hosts.running import Hosts, Results, locked_version
from tests.hosts.suites import SUITES, Suite


def main() -> int:
    parser = argparse.ArgumentParser(prog="make test-hosts", description=__doc__)
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="suites whose name has this in it"
    )
    parser.add_argument("--quick", action="store_true", help="few suites, with the app only")
    parser.add_argument("--folder", type=Path, help="where environment and sdists are kept for the next time")
    parser.add_argument("--write", action="store_true", help="the counts into docs/django-sessions.md")
    options = parser.parse_args()
    chosen = [
        suite
        for suite in SUITES
        if (suite.quick or not options.quick)
        and (not options.only or any(name in suite.name for name in options.only))
    ]
    with tempfile.TemporaryDirectory() as folder:
        hosts = Hosts(options.folder or Path(folder))
        hosts.install()
        if options.quick:
            wrong = check(hosts, chosen)
        else:
            wrong = check(hosts, [suite for suite in chosen if not suite.compared])
            compared = [suite for suite in chosen if suite.compared]
            wrong += compare(hosts, compared, write_down=options.write)
    print(f"{wrong} differ from the list" if wrong else "nothing differs but what is listed")
    return bool(wrong)


def check(hosts: Hosts, suites: list[Suite]) -> int:
    wrong = 0
    for suite in suites:
        results = hosts.run(suite, with_the_app=True)
        print(f"{suite.name}: {len(results.passed)} passed, {len(results.failed)} failed", flush=True)
        wrong += say(unlisted(results, suite.failing))
    return wrong


def compare(hosts: Hosts, suites: list[Suite], *, write_down: bool) -> int:
    rows, wrong = [], 0
    for suite in suites:
        without = hosts.run(suite, with_the_app=False)
        having = hosts.run(suite, with_the_app=True)
        row = Row(
            suite=suite.name,
            version=locked_version(suite.distribution or suite.name),
            tests=len(without.passed) + len(without.failed),
            without=len(without.failed),
            having=len(having.failed),
        )
        rows.append(row)
        counts = f"{row.tests} tests, {row.without} fail without, {row.having} with the app"
        print(f"{row.suite} {row.version}: {counts}", flush=True)
        wrong += say(unlisted(without, set(suite.broken)), "without the app")
        wrong += say(unlisted(having, suite.failing), "with the app")
    if write_down:
        write(rows)
    return wrong


def unlisted(results: Results, listed: set[str]) -> Iterator[str]:
    """What fails and is not listed, and what is listed and does not fail."""
    for name in sorted(results.failed.keys() ^ listed):
        yield f"{name}: {results.failed.get(name, 'it passes, though it is listed')[:300]}"
    if not results.passed:
        yield f"nothing passed: {results.said}"


def say(lines: Iterator[str], where: str = "with the app") -> int:
    """How many there were."""
    said = [f"  {where}: {line}" for line in lines]
    print("\n".join(said), end="\n" if said else "", flush=True)
    return len(said)


if __name__ == "__main__":
    sys.exit(main())
