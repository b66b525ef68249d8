"""A Redis of a test's own, that can be killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers import NotInstalled, Redis


class OwnRedis(Redis):
    """As one of the services of tests/faults, which get a folder; this one needs none. Where it is not installed the
    test is skipped."""

    def __init__(self, folder: Path) -> None:
        try:
            super().__init__()
        except NotInstalled as why:
            pytest.skip(str(why))

    up = Redis.start
    down = Redis.stop
