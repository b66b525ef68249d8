"""`make mutants`: which small changes to the code that decides does no test notice?

One change at a time is made in a copy of the tree, and of the tests named for its module (`modules.py`) those run there
that execute its line, on SQLite: in a copy of a process that has everything loaded (`bench.py`), or in one of its own
where the change is to what runs at import. What came out is kept in var/mutants.json, so that an interrupted run goes
on where it stopped; a module whose text has changed begins again. Fails when fewer than nine in ten are noticed;
`accepted.toml` says why the others are.

    make mutants ARGS="--sample 200 --seed 3"       a share of all
    make mutants ARGS="--module actions/endings/end.py"     one module (the option may be repeated)
    make mutants ARGS="--nearest"                   first by few tests; then --again for what survives them
    make mutants ARGS="--again"                     survivors once more, after tests were written
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from tests.mutants.lines import Map
from tests.mutants.modules import NEAREST, TESTS
from tests.mutants.operators import mutants_of
from tests.mutants.results import SURVIVED, Case, Results, accepted
from tests.mutants.workshop import Workshop

ROOT = Path(__file__).resolve().parents[2]
ENOUGH = 0.9


def main() -> int:
    options = _options()
    cases = _cases(options.module or list(TESTS))
    # In an order of chance: what a stopped run has tried is a fair share of all.
    cases = sorted(cases, key=partial(Case.rank, seed=options.seed))[: options.sample]
    results = Results(ROOT / "var" / "mutants.json")
    reasons = accepted() if options.again else {}
    survivors = [
        case
        for case in cases
        if options.again and results.of(case) == SURVIVED and case.identity not in reasons
    ]
    to_try = survivors + [case for case in cases if results.of(case) is None]
    print(f"{len(cases)} changes, {len(to_try)} of them to try")
    if to_try and not options.report:
        _try(to_try, results, options)
    return _report(cases, results)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--module", action="append", choices=list(TESTS), metavar="MODULE")
    parser.add_argument("--sample", type=int, metavar="N", help="only N changes, chosen by chance")
    parser.add_argument("--seed", type=int, default=0, help="which N")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--nearest", action="store_true", help="by the nearest tests alone; then --again for the survivors"
    )
    parser.add_argument("--timeout", type=float, default=600, metavar="SECONDS", help="then it hangs")
    parser.add_argument(
        "--again", action="store_true", help="try the survivors that are not accepted once more"
    )
    parser.add_argument(
        "--unchecked", action="store_true", help="do not run the tests without a change first"
    )
    parser.add_argument("--report", action="store_true", help="only what was tried before")
    return parser.parse_args()


def _cases(modules: list[str]) -> list[Case]:
    cases = []
    for module in modules:
        source = (ROOT / "sessions_ui" / module).read_text()
        cases += [Case.of(module, source, mutant) for mutant in mutants_of(source)]
    return cases


def _try(cases: list[Case], results: Results, options: argparse.Namespace) -> None:
    table = NEAREST if options.nearest else TESTS
    tests = list(dict.fromkeys(path for case in cases for path in table[case.module]))
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        workshops = [Workshop.made(ROOT, Path(folder) / str(n), tests) for n in range(options.workers)]
        lines = Map(ROOT / "var" / "mutants-lines.json", workshops[0].tree)
        if not options.unchecked:
            recorded = workshops[0].lines(workers=options.workers)
            if recorded is None:
                sys.exit("The tests fail without any change: put them right first.")
            lines.add({module: recorded.get(module, {}) for module in TESTS})
        # Looked up now: while a change is made its module is another one.
        places = {(case.module, case.mutant.line) for case in cases}
        left_out = {place: lines.left_out(*place) for place in places}
        free: SimpleQueue[Workshop] = SimpleQueue()
        for workshop in workshops:
            free.put(workshop)

        def try_one(case: Case) -> None:
            workshop = free.get()
            try:
                outcome = workshop.outcome_of(
                    case,
                    table[case.module],
                    left_out=left_out[case.module, case.mutant.line],
                    seconds=options.timeout,
                )
                results.add(case, outcome)
            finally:
                free.put(workshop)

        with ThreadPoolExecutor(options.workers) as pool:
            try:
                for number, _ in enumerate(pool.map(try_one, cases), start=1):
                    if number % 25 == 0:
                        print(f"{number} of {len(cases)} tried", flush=True)
            except KeyboardInterrupt:
                pool.shutdown(cancel_futures=True)
        for workshop in workshops:
            workshop.close()


def _report(cases: list[Case], results: Results) -> int:
    outcomes = {case: outcome for case in cases if (outcome := results.of(case))}
    for module in TESTS:
        if of_module := [outcome for case, outcome in outcomes.items() if case.module == module]:
            _print_share(module, of_module)
    reasons = accepted()
    survivors = sorted((case for case, outcome in outcomes.items() if outcome == SURVIVED), key=Case.place)
    accepted_ones = [case for case in survivors if case.identity in reasons]
    print("\nSurvivors that are accepted:")
    for case in accepted_ones:
        print(case, reasons[case.identity], sep="\n    ")
    print("\nSurvivors:")
    print(*(case for case in survivors if case.identity not in reasons), "", sep="\n")
    share = _print_share("all", list(outcomes.values()))
    unexplained = len(survivors) - len(accepted_ones)
    print(f"Of {len(survivors)} survivors {len(accepted_ones)} are accepted and {unexplained} are not.")
    if left := len(cases) - len(outcomes):
        print(f"{left} were not tried.")
    return 0 if share >= ENOUGH and not left else 1


def _print_share(name: str, outcomes: list[str]) -> float:
    noticed = sum(outcome != SURVIVED for outcome in outcomes)
    share = noticed / max(len(outcomes), 1)
    print(f"{name:32} {noticed:4} of {len(outcomes):4} noticed {share:7.1%}")
    return share


if __name__ == "__main__":
    sys.exit(main())
