"""`python -m benchmarks [--quick] [--write] [MEASURE …]`: run the measures, print a page of Markdown."""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import re
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from benchmarks.databases import postgres_version
from benchmarks.scale import FULL, QUICK
from benchmarks.tables import Result, summary

MEASURES = [
    "request",
    "request_prepared",
    "request_timed",
    "request_sqlite",
    "bearer",
    "bearer_sqlite",
    "asgi",
    "dead_cookie",
    "sign_in",
    "devices_page",
    "many_devices",
    "api_list",
    "alive",
    "end_others",
    "large_table",
    "purge",
    "seal",
    "admin_lists",
    "row_bytes",
]
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- make bench: begin -->", "<!-- make bench: end -->"
PACKAGES = [
    "django", "psycopg", "redis", "hiredis", "uvicorn", "uvloop", "django-allauth", "django-user-sessions",
    "django-qsessions", "djangorestframework", "django-rest-knox",
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=", ".join(MEASURES))
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds and rows: a look, no figures to keep"
    )
    parser.add_argument("--write", action="store_true", help=f"put the tables into docs/{PAGE.name}")
    options = parser.parse_args()
    if unknown := set(options.measures) - set(MEASURES):
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    quick = options.quick or bool(os.environ.get("BENCH_QUICK"))
    if options.write and (quick or options.measures):
        parser.error("only a whole run may be written down")
    results = []
    for name in options.measures or MEASURES:
        print(f"{name}…", file=sys.stderr, flush=True)
        result: Result = import_module(f"benchmarks.measures.{name}").measure(QUICK if quick else FULL)
        print(result.markdown(), flush=True)
        results.append(result)
    conditions = f"{machine()} {versions()}{' **Quick mode.**' if quick else ''}"
    targets = summary([target for result in results for target in result.targets])
    print(f"### Summary\n\n{conditions}\n\n{targets}")
    if options.write:
        tables = "\n".join(result.markdown() for result in results)
        write(f"{conditions}\n\n### Summary\n\n{targets}\n\n{tables}")


def machine() -> str:
    cpu = "unknown processor"
    if (info := Path("/proc/cpuinfo")).exists() and (
        found := re.search(r"model name\s*: (.+)", info.read_text())
    ):
        cpu = found[1].strip()
    return (
        f"Measured on {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}: {os.cpu_count()} × {cpu} "
        f"({platform.machine()}), {platform.system()}; PostgreSQL {postgres_version()} and Redis on the same machine."
    )


def versions() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"Python {platform.python_version()}, {packages}."


def write(text: str) -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


if __name__ == "__main__":
    main()
