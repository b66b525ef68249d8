"""The authenticated GET where somebody reads the metrics, so that each look-up is timed, against the one where nobody
does. Short rounds, many of them: the difference is smaller than what a machine's speed drifts by within a second.
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks.databases import postgres
from benchmarks.measures import request
from benchmarks.measures.request import HEAD
from benchmarks.peers import OURS, OURS_TIMED
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import ratio

work = request.work
FINER = 8  # times as many rounds, of as many times fewer requests


def measure(scale: Scale) -> Result:
    finer = replace(scale, rounds=scale.rounds * FINER, requests=scale.requests // FINER)
    samples, statements = request.sampled([OURS, OURS_TIMED], postgres, finer)
    timed, without = samples[OURS_TIMED.name], samples[OURS.name]
    return Result(
        title="Authenticated request, timed for the metrics",
        text=(__doc__ or "").strip(),
        head=HEAD,
        rows=request.rows([OURS, OURS_TIMED], samples, statements, base=OURS),
        targets=[
            Target(
                "Timed authenticated GET against one that is not, wall",
                ratio(timed, without, "wall"),
                most=1.02,
            ),
            Target("the same, CPU", ratio(timed, without, "cpu"), most=1.02),
        ],
    )
