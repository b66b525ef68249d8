"""The same on SQLite (WAL), where no server is asked."""

from __future__ import annotations

from benchmarks.databases import sqlite
from benchmarks.measures.bearer import measured
from benchmarks.scale import Scale
from benchmarks.tables import Result


def measure(scale: Scale) -> Result:
    return measured(sqlite, scale, "SQLite", (__doc__ or "").strip())
