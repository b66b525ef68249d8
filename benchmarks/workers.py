"""A process for each peer, and rounds in which all of them take their turn.

A drift of the machine's speed hits every peer of a round alike, so only ratios within a round count.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType, TracebackType
from typing import Any

from benchmarks.peers import Peer

Sample = dict[str, float]
# django-user-sessions asks pkg_resources for its version, which warns of its own end.
QUIET = ("-W", "ignore:pkg_resources is deprecated")


class Worker:
    """A process with Django set up for one peer. `ask()` calls what the measure's `work()` offers there."""

    def __init__(
        self, peer: Peer, measure: ModuleType | str, database: dict[str, Any], *, fresh: bool = True
    ) -> None:
        """`fresh`: the database is empty. Otherwise it was another worker's before."""
        self.peer = peer
        name = measure if isinstance(measure, str) else measure.__name__
        self._process = subprocess.Popen(
            [sys.executable, *QUIET, "-m", "benchmarks.worker", name, *(["fresh"] if fresh else [])],
            env={**os.environ, "BENCH_PEER": peer.name, "BENCH_DATABASE": json.dumps(database)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, what: str, **arguments: Any) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([what, arguments]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the worker of {self.peer.name} died; its error stands above")
        return json.loads(line)

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        if kind is not None:
            self._process.terminate()
        self._process.wait()


@contextmanager
def workers(
    peers: list[Peer], measure: ModuleType | str, database: Any, **options: Any
) -> Iterator[dict[str, Worker]]:
    """One for each peer, each with a database of its own (`database`: a function of `databases.py`)."""
    with ExitStack() as stack:
        settings = {peer.name: stack.enter_context(database(peer.name, **options)) for peer in peers}
        yield {peer.name: stack.enter_context(Worker(peer, measure, settings[peer.name])) for peer in peers}


def paired(those: dict[str, Worker], rounds: int, what: str, **arguments: Any) -> dict[str, list[Sample]]:
    """Rounds of samples. Who begins changes from round to round."""
    samples: dict[str, list[Sample]] = {name: [] for name in those}
    names = list(those)
    for number in range(rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            samples[name].append(those[name].ask(what, **arguments))
    return samples


def median(samples: list[Sample], key: str) -> float:
    return statistics.median(sample[key] for sample in samples)


def ratio(samples: list[Sample], base: list[Sample], key: str) -> float:
    """The median of the ratios within each round."""
    return statistics.median(one[key] / other[key] for one, other in zip(samples, base, strict=True))


def wall_and_cpu(own: list[Sample], base: list[Sample]) -> list[str]:
    """Both in whole units, then both as ratios."""
    keys = ("wall", "cpu")
    return [*(f"{median(own, key):.0f}" for key in keys), *(f"{ratio(own, base, key):.2f}" for key in keys)]
