"""A copy of the tree in which one change at a time is made and tested."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mutants.lines import LEFT_OUT, RECORD, Lines, read
from tests.mutants.results import SURVIVED, Case

NOT_COPIED = (".git", ".venv*", "var", "node_modules", "__pycache__", ".*_cache", ".hypothesis")
# What takes longer than most tests: migrations (none of the changes is to one), Hypothesis' report at the end, and
# failures that explain themselves.
PYTEST = ["-m", "pytest", "-q", "--tb=no", "--assert=plain", "--nomigrations"]
PLUGINS = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "tests.mutants.lines"]
# Asks when the migrations were applied.
OF_MIGRATIONS = "tests/sessions_ui/adopt/test_one_by_one.py::test_when_migrate_was_is_asked_once_a_process"
SERVICES = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "PGBOUNCER_URL", "MARIADB_URL", "REQUIRE_ALL")
NOT_PASSED_ON = (*SERVICES, "PYTHONDONTWRITEBYTECODE")
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Workshop:
    tree: Path
    temporary: Path

    @classmethod
    def made(cls, root: Path, folder: Path) -> Workshop:
        shutil.copytree(root, folder / "tree", ignore=shutil.ignore_patterns(*NOT_COPIED), symlinks=True)
        (folder / "tmp").mkdir()
        return cls(folder / "tree", folder / "tmp")

    def lines(self, tests: Sequence[str], *, workers: int) -> Lines | None:
        """Which test executes which lines; None where they are not green."""
        folder = self.temporary.parent / "lines"
        code, output = self._pytest([f"-n{workers}", *tests], seconds=None, **{RECORD: folder})
        if code != 0:
            print(output)
            return None
        return read(folder)

    def outcome_of(self, case: Case, tests: Sequence[str], *, left_out: Sequence[str], seconds: float) -> str:
        """SURVIVED, or by what it was noticed."""
        listed = self.temporary.parent / "left-out.json"
        listed.write_text(json.dumps(left_out))
        file = self.tree / "sessions_ui" / case.module
        source = file.read_text()
        try:
            self._write(file, case.mutant.applied_to(source))
            code, output = self._pytest(["-x", *tests], seconds=seconds, **{LEFT_OUT: listed})
        finally:
            self._write(file, source)
        if code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return SURVIVED
        if code is None:
            return "hangs"
        failed = FAILED.search(output)
        return failed[1] if failed else f"exit code {code}"

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
        environment = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
        process = subprocess.Popen(
            [sys.executable, *PYTEST, *PLUGINS, f"--deselect={OF_MIGRATIONS}", *arguments],
            cwd=self.tree,
            env=environment
            | {"TMPDIR": str(self.temporary), **{name: str(path) for name, path in options.items()}},
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
            shutil.rmtree(self.temporary, ignore_errors=True)
            self.temporary.mkdir()
        if process.returncode == -signal.SIGPROF:
            return None, output
        if process.returncode < 0:
            raise RuntimeError(f"pytest was stopped by signal {-process.returncode}")
        return process.returncode, output
