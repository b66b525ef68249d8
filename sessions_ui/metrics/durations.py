"""How long look-ups and endings take, in every process of the site, for Prometheus.

Nobody is slower for it: a process appends what something took to a queue in its memory, and adds the queue to the
buckets in the database now and then, where it writes anyway (docs/metrics.md has the figures). Nothing is measured
where nobody reads the metrics. What a process had not written down when it was killed is lost, half a minute at most.
"""

from __future__ import annotations

import logging
import time
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, InterfaceError, router, transaction
from django.db.models import F

from sessions_ui.conf import conf
from sessions_ui.database.transactions import after_commit
from sessions_ui.models import Duration

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)

# Seconds; the upper bounds of the buckets. Behind the last one is whatever took longer.
BOUNDS = (
    *(0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0),
    *(2.5, 5.0, 10.0),
)
LONGER = "+Inf"  # as Prometheus calls that bucket
LABELS = (*map(str, BOUNDS), LONGER)
EVERY = 30.0  # seconds between two times that a process writes down what it has
MOST = 100_000  # of each that a process keeps in mind: the oldest go if it cannot write


class Measure(StrEnum):
    """What is timed."""

    LOOK_UP = "look_up"  # the one statement of a request, its row read
    ENDING = "ending"  # an act: from its first statement to its commit, or to its last in a transaction of the host


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often something took so long: `numbers` by bucket, in the order of `LABELS`; `seconds` all together."""

    numbers: tuple[int, ...]
    seconds: float


_taken: Mapping[Measure, deque[float]] = {measure: deque(maxlen=MOST) for measure in Measure}
_written_at = float("-inf")  # by the monotonic clock of this process


def timed(measure: Measure, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what `work` returns, and keep in mind how long it took. What raises is not counted."""
    if not (conf.metrics_token or conf.metrics_networks):
        return work(*args, **kwargs)
    began = time.perf_counter()
    found = work(*args, **kwargs)
    _taken[measure].append(time.perf_counter() - began)
    return found


def timed_act(action: Callable[P, T]) -> Callable[P, T]:
    """Keep in mind how long an ending took, if it has ended anything; write down what there is once it is committed."""

    @wraps(action)
    def inside(*args: P.args, **kwargs: P.kwargs) -> T:
        if not (conf.metrics_token or conf.metrics_networks):
            return action(*args, **kwargs)
        began = time.perf_counter()
        done = action(*args, **kwargs)
        if done:
            _taken[Measure.ENDING].append(time.perf_counter() - began)
            if is_due():
                after_commit(write_down, using=router.db_for_write(Duration))
        return done

    return inside


def is_due() -> bool:
    """Return whether this process has not written anything down for `EVERY` seconds, and has something."""
    return time.monotonic() - _written_at >= EVERY and any(_taken.values())


def write_down() -> None:
    """Add what this process has kept in mind to the buckets, in one transaction; keep it if that fails."""
    global _written_at
    _written_at = time.monotonic()
    taken = {measure: list(_drained(queue)) for measure, queue in _taken.items()}
    try:
        _add(taken)
    except (DatabaseError, InterfaceError):
        logger.warning("Durations could not be written down; they are kept.", exc_info=True)
        for measure, each in taken.items():
            _taken[measure].extendleft(reversed(each))


def _drained(queue: deque[float]) -> Iterator[float]:
    """Yield what is in the queue, and take it out; another thread may do the same at this moment."""
    for _ in range(len(queue)):
        try:
            yield queue.popleft()
        except IndexError:
            return


def _add(taken: Mapping[Measure, list[float]]) -> None:
    buckets: dict[str, list[float]] = defaultdict(list)
    for measure, each in taken.items():
        for seconds in each:
            buckets[name_of(measure, LABELS[bisect_left(BOUNDS, seconds)])].append(seconds)
    if not buckets:
        return
    using = router.db_for_write(Duration)
    rows = Duration.objects.using(using)
    with transaction.atomic(using=using):
        # In one order for all processes, so that none waits for another one that waits for it.
        for name, values in sorted(buckets.items()):
            change = {"number": F("number") + len(values), "seconds": F("seconds") + sum(values)}
            if not rows.filter(pk=name).update(**change):
                rows.bulk_create([Duration(name=name)], ignore_conflicts=True)
                rows.filter(pk=name).update(**change)


def name_of(measure: Measure, label: str) -> str:
    return f"{measure} {label}"


def histograms() -> dict[str, Histogram]:
    """Return what all processes have written down until now, by `Measure`. One statement."""
    rows = Duration.objects.using(router.db_for_write(Duration))
    found = {
        name: (number, seconds) for name, number, seconds in rows.values_list("name", "number", "seconds")
    }
    made = {}
    for measure in Measure:
        buckets = [found.get(name_of(measure, label), (0, 0.0)) for label in LABELS]
        numbers = tuple(number for number, _seconds in buckets)
        made[str(measure)] = Histogram(numbers, sum(seconds for _number, seconds in buckets))
    return made
