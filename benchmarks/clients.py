"""`python -m benchmarks.clients [--write]`: the names of the corpus' clients, right and wrong, and what naming costs.

No Django, no database. `--write` puts the tables into docs/clients.md. The corpus is that of the tests.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time_ns

import ua_parser

from benchmarks.tables import Target, summary, table
from config.demo.places import write_places
from sessions_ui.client import client_info, user_agent
from tests.sessions_ui.client.corpus import Entry, load
from tests.sessions_ui.client.corpus.score import TARGETS, Score, describe, score

PAGE = Path(__file__).parent.parent / "docs" / "clients.md"
BEGIN, END = "<!-- benchmarks.clients: begin -->", "<!-- benchmarks.clients: end -->"
ADDRESS = "81.2.69.142"  # in the demo's place file
PARTS = {
    "browser": "browser or app right",
    "kind": "kind right",
    "system": "system right",
    "version": "versions right or unknown",
    "model": "model right, where there is one",
}
HOSTILE = {
    "8 KB of one letter": "A" * 8192,
    "8 KB of brackets": "(" * 8192,
    "8 KB that begin like a browser, again and again": "Mozilla/5.0 (Linux; Android 10; K) " * 240,
    "8 KB of an app's words": "FBAN/Messenger trill_ musical_ly_ Instagram Barcelona " * 160,
    "8 KB of digits and dots": "1.2." * 2048,
    "a version of 8 KB": "Acme/" + "1." * 4096,
}
IMPORT = (
    "from time import process_time as now; began = now(); import sessions_ui.client; imported = now(); "
    "sessions_ui.client.client_info({'HTTP_USER_AGENT': 'Mozilla/5.0 (X11; Linux x86_64)'}); first = now(); "
    "import sessions_ui.client.last_resort; "
    "print((imported - began) * 1000, (first - imported) * 1000, (now() - first) * 1000)"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clients", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"put the tables into docs/{PAGE.name}")
    options = parser.parse_args()
    entries = load()
    halves = {
        f"{part}, {half}": score(
            entry for entry in entries if entry.is_of_2026 is of_2026 and entry.is_held_out is held_out
        )
        for part, of_2026 in (("first part", False), ("2025 and 2026", True))
        for half, held_out in (("seen", False), ("held out", True))
    }
    page = "\n\n".join([right(halves), told(halves), costs(entries), unknowable(entries)])
    print(page)
    if options.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{page}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def right(halves: dict[str, Score]) -> str:
    head = ["", *(f"{name}, {half.entries} strings" for name, half in halves.items()), "target"]
    rows = [
        [
            what,
            *(f"{half.percent(part):.1f} % ({len(half.missed[part])} missed)" for half in halves.values()),
            f"{TARGETS[part]:.0f} %" if part in TARGETS else "",
        ]
        for part, what in PARTS.items()
    ]
    return table(head, rows)


def told(halves: dict[str, Score]) -> str:
    known = sum(half.versions for half in halves.values())
    said = sum(half.told for half in halves.values())
    return f"Of the {known} versions that the headers tell, {said} are named; the others are left unknown."


def costs(entries: list[Entry]) -> str:
    imported, first, package = import_time()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "places.mmdb"
        write_places(path)
        places = (str(path),)
        client_info(
            entries[0].meta | {"REMOTE_ADDR": ADDRESS}, geoip_path=places
        )  # files open, patterns built
        metas = [entry.meta | {"REMOTE_ADDR": ADDRESS} for entry in entries]
        cold, warm = [], []
        for meta in metas:
            forget()
            cold.append(timed(partial(client_info, meta, geoip_path=places)))
            warm.append(timed(partial(client_info, meta, geoip_path=places)))
        hostile = {name: worst(text) for name, text in HOSTILE.items()}
    slowest = max(hostile, key=lambda name: hostile[name])
    targets = [
        Target("a string for the first time, median", statistics.median(cold), most=1.5, unit="ms"),
        Target("a string seen before, median", statistics.median(warm), most=0.1, unit="ms"),
        Target(
            "a hostile string",
            hostile[slowest],
            most=5,
            unit="ms",
            note=f"the worst of {len(hostile)}: {slowest}",
        ),
        Target("loading `sessions_ui/client/` in a new process", imported, most=250, unit="ms"),
    ]
    high = sorted(cold)[int(len(cold) * 0.95)]
    return (
        "### What it costs\n\nParsing and place together, as a sign-in does it, in processor time.\n\n"
        f"{summary(targets)}\n\n"
        f"95 % of the strings seen for the first time took {high:.1f} ms or less. The first header of a process builds "
        f"ua-parser's patterns: {first:,.0f} ms, once.\n\n{last_resort(entries, package)}"
    )


def last_resort(entries: Iterable[Entry], loaded: float) -> str:
    """What user-agents takes, filled from ua-parser's result and by itself. `loaded`: milliseconds of its import."""
    import user_agents

    from sessions_ui.client.last_resort import kind

    headers = {entry.user_agent for entry in entries}
    parse = ua_parser.Parser(ua_parser.parser.resolver.parser).parse  # type: ignore[attr-defined]
    ours = statistics.median(timed(lambda: kind(parse(header))) for header in headers)  # noqa: B023 -- called at once
    theirs = statistics.median(timed(partial(user_agents.parse, header)) for header in headers)
    return (
        f"Where no rule of ours knows a kind, user-agents is loaded: {loaded:,.0f} ms, once. From ua-parser's result "
        f"it has its answer in {ours * 1000:,.0f} µs, parsing included; by itself it takes {theirs * 1000:,.0f} µs."
    )


def unknowable(entries: Iterable[Entry]) -> str:
    rows = []
    for entry in entries:
        if entry.unknowable:
            said = describe(entry)
            rows.append(
                [
                    entry.unknowable,
                    " · ".join(filter(None, (said.kind, said.browser, said.system))),
                    " · ".join(filter(None, (entry.kind, entry.browser, entry.system))),
                ]
            )
    rows = [list(row) for row in dict.fromkeys(map(tuple, rows))]
    return "### Unknowable\n\n" + table(["why", "said", "may be"], rows)


def forget() -> None:
    """Everything that was parsed before: our cache and ua-parser's. Its patterns stay."""
    user_agent._parse.cache_clear()
    patterns = ua_parser.parser.resolver.parser  # type: ignore[attr-defined]
    ua_parser.parser = ua_parser.Parser(ua_parser.CachingResolver(patterns, ua_parser.Cache(2000)))


def timed(act: Callable[[], object]) -> float:
    """Milliseconds of processor time: nothing here waits, and the machine may have other work."""
    began = process_time_ns()
    act()
    return (process_time_ns() - began) / 1e6


def worst(text: str) -> float:
    """Milliseconds of processor time, the median of variants of which none was seen before."""
    metas = [{"HTTP_USER_AGENT": f"{number}{text}"} for number in range(21)]
    return statistics.median(timed(partial(client_info, meta)) for meta in metas)


def import_time() -> tuple[float, ...]:
    """(import, first header, import of the last resort) in milliseconds, the medians of five processes."""
    runs = [
        subprocess.run([sys.executable, "-c", IMPORT], check=True, capture_output=True, text=True)
        for _ in range(5)
    ]
    return tuple(map(statistics.median, zip(*(map(float, run.stdout.split()) for run in runs), strict=True)))


if __name__ == "__main__":
    main()
