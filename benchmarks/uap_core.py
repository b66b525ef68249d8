"""`python -m benchmarks.uap_core FOLDER [--write]`: our names beside ua-parser's on uap-core's fixtures.

FOLDER is a checkout of ua-parser/uap-core. `--write` puts the table into docs/clients.md.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import ua_parser

from benchmarks.clients import PAGE
from benchmarks.tables import table
from tests.sessions_ui.client.uap_core import Fixture, Verdict, compare, read

BEGIN, END = "<!-- benchmarks.uap_core: begin -->", "<!-- benchmarks.uap_core: end -->"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.uap_core", description=__doc__)
    parser.add_argument("folder", type=Path, help="a checkout of uap-core")
    parser.add_argument("--write", action="store_true", help=f"put the table into docs/{PAGE.name}")
    options = parser.parse_args()
    fixtures = list(read(options.folder))
    verdicts = Counter((fixture.part, compare(fixture)) for fixture in fixtures)
    parts = ("browser", "system")
    total = Counter(fixture.part for fixture in fixtures)
    theirs = Counter(fixture.part for fixture in fixtures if is_named_by_ua_parser(fixture))
    rows = [
        ["fixtures", *(str(total[part]) for part in parts)],
        ["ua-parser gives its own name", *(str(theirs[part]) for part in parts)],
        *(["ours: " + verdict, *(str(verdicts[part, verdict]) for part in parts)] for verdict in Verdict),
    ]
    result = table(["", *parts], rows)
    print(result)
    if options.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{result}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def is_named_by_ua_parser(fixture: Fixture) -> bool:
    parse = ua_parser.parse_user_agent if fixture.part == "browser" else ua_parser.parse_os
    found = parse(fixture.user_agent)
    return (found.family if found else "Other") == fixture.family


if __name__ == "__main__":
    main()
