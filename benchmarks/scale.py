"""How much is measured: all of it, or enough for a look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    rounds: int
    requests: int  # of each worker in a round
    seconds: float  # of load on each server in a round
    load_rounds: int
    endings: int  # rounds of ending 1,000 sessions
    rows: int  # of a large table


FULL = Scale(rounds=30, requests=200, seconds=2.0, load_rounds=8, endings=9, rows=1_000_000)
QUICK = Scale(rounds=5, requests=100, seconds=1.0, load_rounds=3, endings=3, rows=50_000)
