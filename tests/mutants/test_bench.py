"""The process that is copied for each change."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.mutants.bench import rest_pools


@pytest.mark.parametrize("frozen", [False, True])
def test_a_pool_that_rests_has_no_thread_and_works_again(*, frozen: bool) -> None:
    """A copy of a process has none of its threads: a pool that believes in one would wait for it for good."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="resting")
    with pool:
        worker = pool.submit(threading.current_thread).result()
        if frozen:
            gc.freeze()
        rest_pools()
        assert not worker.is_alive()
        again = pool.submit(threading.current_thread).result()
        assert again is not worker
        assert again.name.startswith("resting")


def test_a_timer_of_the_first_tests_does_not_run_on() -> None:
    """It would be a second thread when copies are made."""
    rung: list[str] = []
    timer = threading.Timer(3600, rung.append, ["late"])
    timer.daemon = True
    timer.start()
    rest_pools()
    assert not timer.is_alive() and rung == []
