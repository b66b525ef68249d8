"""The table of suites in docs/django-sessions.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tests.dropin.project import ROOT
from tests.hosts.suites import SUITES

DOCUMENT = ROOT / "docs" / "django-sessions.md"
BEGIN, END = "<!-- make test-hosts -->", "<!-- end of make test-hosts -->"


class Row(NamedTuple):
    suite: str
    version: str
    tests: int
    without: int
    having: int


def as_markdown(rows: Iterable[Row]) -> str:
    lines = [
        "| Suite | Version | Tests | Fail without the app | Fail with it | What differs, and why |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        (suite,) = (suite for suite in SUITES if suite.name == row.suite)
        why = " ".join(difference.why for difference in suite.differences)
        counts = f"{row.tests:,} | {row.without} | {row.having}"
        lines.append(f"| {row.suite} | {row.version} | {counts} | {why or 'nothing'} |")
    return "\n".join(lines)


def write(rows: Iterable[Row]) -> None:
    before, rest = DOCUMENT.read_text().split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{as_markdown(rows)}\n{END}{after}")
