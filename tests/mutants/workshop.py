"""A copy of the tree in which one change at a time is made and tested."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TextIO

import pytest

from tests.mutants.bench import APART, BENCH, READY
from tests.mutants.lines import LEFT_OUT, RECORD, Lines, read
from tests.mutants.modules import JOURNEYS
from tests.mutants.results import HANGS, SURVIVED, Case

NOT_COPIED = (".git", ".venv*", "var", "node_modules", "__pycache__", ".*_cache", ".hypothesis")
# What takes longer than most tests: migrations (none of the changes is to one), Hypothesis' report at the end, and
# failures that explain themselves.
PYTEST = [sys.executable, "-m", "pytest", "-q", "--tb=no", "--assert=plain", "--nomigrations"]
PLUGINS = [
    "-p",
    "no:cacheprovider",
    "-p",
    "no:hypothesispytest",
    "-p",
    "tests.mutants.lines",
    "-p",
    "tests.mutants.bench",
]
# Asks when the migrations were applied.
OF_MIGRATIONS = "tests/sessions_ui/adopt/test_one_by_one.py::test_when_migrate_was_is_asked_once_a_process"
COMMAND = [*PYTEST, *PLUGINS, f"--deselect={OF_MIGRATIONS}"]
SERVICES = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "PGBOUNCER_URL", "MARIADB_URL", "REQUIRE_ALL")
NOT_PASSED_ON = (*SERVICES, "PYTHONDONTWRITEBYTECODE")
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Workshop:
    tree: Path
    temporary: Path
    tests: Sequence[str]

    @classmethod
    def made(cls, root: Path, folder: Path, tests: Sequence[str]) -> Workshop:
        """With the tests that changes will need there."""
        shutil.copytree(root, folder / "tree", ignore=shutil.ignore_patterns(*NOT_COPIED), symlinks=True)
        (folder / "tmp").mkdir()
        return cls(folder / "tree", folder / "tmp", tests)

    def lines(self, *, workers: int) -> Lines | None:
        """Which test executes which lines; None where they are not green."""
        folder = self.temporary.parent / "lines"
        code, output = self._pytest(
            [f"-n{workers if workers > 1 else 0}", *self.tests], seconds=None, **{RECORD: folder}
        )
        if code != 0:
            print(output)
            return None
        return read(folder)

    def outcome_of(self, case: Case, tests: Sequence[str], *, left_out: Sequence[str], seconds: float) -> str:
        """SURVIVED, or by what it was noticed."""
        _, bench = self._bench  # imports the modules without the change
        with self._changed(case):
            request = {"module": case.module, "tests": tests, "left_out": left_out}
            outcome = self._asked(bench, json.dumps(request))
            return self._apart(tests, left_out, seconds=seconds) if outcome == APART else outcome

    @contextmanager
    def _changed(self, case: Case) -> Iterator[None]:
        """Also for the bench, where what a test starts reads the files."""
        file = self.tree / "sessions_ui" / case.module
        source = file.read_text()
        try:
            self._write(file, case.mutant.applied_to(source))
            yield
        finally:
            self._write(file, source)

    def _asked(self, bench: TextIO, request: str) -> str:
        try:
            print(request, file=bench, flush=True)
            answer = bench.readline()
        except ConnectionError:
            answer = ""
        if not answer:
            raise RuntimeError(f"The bench has ended: {self._log.read_text()}")
        return answer.strip()

    @property
    def _log(self) -> Path:
        return self.temporary.with_name("bench.txt")

    @cached_property
    def _bench(self) -> tuple[subprocess.Popen[bytes], TextIO]:
        ours, theirs = socket.socketpair()
        with ours, theirs, self._log.open("w") as log:
            process = subprocess.Popen(
                [*COMMAND, "--capture=sys", *self.tests],
                cwd=self.tree,
                env=_environment() | {"TMPDIR": str(self.temporary), BENCH: str(theirs.fileno())},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
            bench = ours.makefile("rw")
        self._asked(bench, READY)
        return process, bench

    def close(self) -> None:
        if "_bench" in self.__dict__:
            process, bench = self._bench
            bench.close()  # which ends it
            process.wait()

    def _apart(self, tests: Sequence[str], left_out: Sequence[str], *, seconds: float) -> str:
        """In a process of its own, where what runs at import runs with the change."""
        listed = self.temporary.parent / "left-out.json"
        listed.write_text(json.dumps(left_out))
        # Journeys take long to be collected; what is nearer notices most.
        nearer = [path for path in tests if path not in JOURNEYS]
        for paths in filter(None, (nearer, [path for path in tests if path in JOURNEYS])):
            code, output = self._pytest(["-x", *paths], seconds=seconds, **{LEFT_OUT: listed})
            if code is None:
                return HANGS
            if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                failed = FAILED.search(output)
                return failed[1] if failed else f"exit code {code}"
        return SURVIVED

    @staticmethod
    def _write(file: Path, source: str) -> None:
        """Python knows a compiled file by the size and the second of its source: two changes may share both."""
        file.write_text(source)
        for compiled in file.parent.glob(f"__pycache__/{file.stem}.*.pyc"):
            compiled.unlink()

    def _pytest(
        self, arguments: Sequence[str], *, seconds: float | None, **options: Path
    ) -> tuple[int | None, str]:
        """Exit code (None: it took too long) and output. What the tests have started goes with them."""
        temporary = self.temporary / "apart"
        temporary.mkdir()
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.tree,
            env=_environment()
            | {"TMPDIR": str(temporary), **{name: str(path) for name, path in options.items()}},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            return None, output
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        if process.returncode == -signal.SIGPROF:
            return None, output
        if process.returncode < 0:
            raise RuntimeError(f"pytest was stopped by signal {-process.returncode}")
        return process.returncode, output


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
