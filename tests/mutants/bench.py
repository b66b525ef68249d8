"""A pytest process that has collected all tests and made the database, and copies itself (`os.fork()`) for each change:
what takes longest, its start, is done once.

This module is also the pytest plugin for it (`-p tests.mutants.bench`). It works where `MUTANTS_BENCH` names an open
socket, over which `workshop.py` says which module it has just changed; the answer is the test that has failed,
"survived", "hangs", or "apart": that change is to be tried in a process of its own.
"""

from __future__ import annotations

import gc
import inspect
import json
import os
import shutil
import signal
import socket
import tempfile
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache, partial
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.signals import setting_changed

from tests.mutants.in_place import Functions, NotInPlace
from tests.mutants.modules import TESTS
from tests.mutants.results import HANGS, SURVIVED

BENCH = "MUTANTS_BENCH"
READY, APART = "ready", "apart"
LONGEST = 20.0  # seconds of one test on the processor: however busy the machine is
LONGEST_WAIT = 90.0  # and by the clock: it waits for what does not come


class Bench:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._failed = ""
        self._failures: Counter[str] = Counter()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        package = session.config.rootpath / "sessions_ui"
        for module in TESTS:
            import_module(".".join(["sessions_ui", *Path(module).with_suffix("").parts]))
        sources = {module: (package / module).read_text() for module in TESTS}
        self._warm_up(session)
        functions = Functions.of(package)
        for line in self._connection.makefile():
            if line.strip() == READY:
                self._answer(READY)
                continue
            request = json.loads(line)
            module = request["module"]
            try:
                changes = functions.changed(package / module, sources[module], (package / module).read_text())
            except NotInPlace:
                self._answer(APART)
                continue
            tests = self._in_order(session, tuple(request["tests"]), set(request["left_out"]))
            outcome = self._outcome(session, tests, partial(functions.change, changes))
            self._failures[outcome] += 1
            self._answer(outcome)
        return True

    def _answer(self, text: str) -> None:
        self._connection.sendall(f"{text}\n".encode())

    def _warm_up(self, session: pytest.Session) -> None:
        from django.db import connections

        from tests.environment import VAR_DIR

        # The first of each file loads what all of them need. Of those that start no thread, which no copy would have.
        first = {item.path: item for item in reversed(session.items) if not (empties(item) or waits(item))}
        self._run(session, [item for item in session.items if item in first.values()])
        assert not self._failed, f"{self._failed} fails without any change"
        rest_pools()
        assert threading.active_count() == 1, threading.enumerate()
        connections.close_all()  # no process may use that of another one
        self._files, self._as_they_were = VAR_DIR, VAR_DIR.with_name("files-before")
        self._temporary = VAR_DIR.with_name("of-the-copy")
        shutil.copytree(self._files, self._as_they_were)

    def _in_order(
        self, session: pytest.Session, paths: tuple[str, ...], left_out: set[str]
    ) -> list[pytest.Item]:
        """First what has noticed other changes, then as the paths are; those that empty the database come last."""
        tests = [item for item in tests_below(session, paths) if item.nodeid not in left_out]
        return sorted(tests, key=lambda item: (empties(item), -self._failures[item.nodeid]))

    def _outcome(self, session: pytest.Session, tests: list[pytest.Item], change: Callable[[], None]) -> str:
        # The database, and the files of the broker: whoever was stopped has left them as they were just then.
        shutil.rmtree(self._files)
        shutil.copytree(self._as_they_were, self._files)
        shutil.rmtree(self._temporary, ignore_errors=True)
        self._temporary.mkdir()
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setsid()
                tempfile.tempdir = os.environ["TMPDIR"] = str(self._temporary)
                change()
                # What was computed from the settings, once for all, is computed again (`conf/base.py`).
                setting_changed.send(sender=None, setting="SESSIONS_UI", value=None, enter=True)
                self._run(session, tests)
                os.write(write, (self._failed or SURVIVED).encode())
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(0)  # whatever has happened: no copy may go on as if it were the bench
        os.close(write)
        _, status = os.waitpid(child, 0)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what the tests have started
        with os.fdopen(read) as answer:
            outcome = answer.read()
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGALRM):
            return HANGS
        return outcome or APART

    def _run(self, session: pytest.Session, tests: list[pytest.Item]) -> None:
        """Until one fails."""
        if not tests:
            return
        session._setupstate.teardown_exact(tests[0])
        # Each is torn down as far as the next one does not need it: the last one, too, but nothing of the session.
        another = next(item for item in session.items if item is not tests[-1])
        for item, following in pairwise([*tests, another]):
            signal.setitimer(signal.ITIMER_PROF, LONGEST)
            signal.setitimer(signal.ITIMER_REAL, LONGEST_WAIT)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                break
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self._failed:
            self._failed = report.nodeid


@cache
def tests_below(session: pytest.Session, paths: tuple[str, ...]) -> list[pytest.Item]:
    """In the order of the paths."""
    found = {
        item: None
        for path in paths
        for item in session.items
        if item.nodeid == path or item.nodeid.startswith((f"{path}/", f"{path}::", f"{path}["))
    }
    return list(found)


@cache
def empties(item: pytest.Item) -> bool:
    """Whether it has real transactions, after which Django empties every table: what migrations made is gone, too."""
    marker = item.get_closest_marker("django_db")
    fixtures = {"transactional_db", "live_server"}.intersection(getattr(item, "fixturenames", []))
    return bool(fixtures) or bool(marker and marker.kwargs.get("transaction"))


def waits(item: pytest.Item) -> bool:
    return inspect.iscoroutinefunction(getattr(item, "function", None))


def rest_pools() -> None:
    """End the threads of every pool, each of which starts new ones when it is used again, and every timer.

    Those of asgiref stay idle for good; so do those of a pool that is only garbage, while that is frozen
    (tests/conftest.py). A timer of the app counts outages (`services/outage_log.py`), and a copy begins to count anew.
    """
    for timer in threading.enumerate():
        if isinstance(timer, threading.Timer):
            timer.cancel()
            timer.join()
    gc.unfreeze()
    gc.collect()
    pools = [thing for thing in gc.get_objects() if type(thing) is ThreadPoolExecutor and thing._threads]
    for pool in pools:
        pool.shutdown()
        # As it was made, wherever it is referred to.
        pool.__init__(pool._max_workers, pool._thread_name_prefix)  # type: ignore[misc]
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    if number := os.environ.pop(BENCH, None):
        config.pluginmanager.register(Bench(socket.socket(fileno=int(number))))
