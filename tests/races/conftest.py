"""Real threads on a real database: each round lets two or more of them go at the same moment."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections

# Hundreds where many connections write at once; SQLite has one writer, so that there is less to interleave.
JITTER = 0.01  # seconds
ROUNDS = int(os.environ.get("RACE_ROUNDS") or (200 if connection.vendor != "sqlite" else 25))


@pytest.fixture
def at_once(transactional_db: None) -> Callable[..., list[Any]]:
    """`at_once(f, g, …)`: run them in threads of their own that start together, give or take the few milliseconds
    that let either come first; what each returned or raised."""

    def run(*functions: Callable[[], Any]) -> list[Any]:
        results: list[Any] = [None] * len(functions)
        barrier = threading.Barrier(len(functions))

        def work(index: int, function: Callable[[], Any]) -> None:
            barrier.wait()
            time.sleep(random.uniform(0, JITTER))
            try:
                results[index] = function()
            except Exception as error:
                results[index] = error
            finally:
                connections.close_all()

        threads = [threading.Thread(target=work, args=pair) for pair in enumerate(functions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    return run
