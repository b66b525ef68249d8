"""Which test executes which lines: one that does not come by a change cannot notice it, and need not run for it.

Found by the run that shows that all tests are green, and kept in var/mutants-lines.json. A test that was written or
changed since always runs.

This module is also the pytest plugin for it (`-p tests.mutants.lines`). It works where one of these names a place:

    MUTANTS_LINES       a folder: write there which lines each test has executed
    MUTANTS_LEFT_OUT    a file: leave out the tests that it lists, and stop at one that computes for ever
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import signal
from collections import defaultdict
from collections.abc import Generator, Iterable
from difflib import SequenceMatcher
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import coverage
import pytest

from tests.mutants.bench import LONGEST

RECORD, LEFT_OUT = "MUTANTS_LINES", "MUTANTS_LEFT_OUT"
OUTSIDE = ""  # of every test, as coverage calls it
Lines = dict[str, dict[str, list[int]]]  # module of the app -> test -> lines


class Map:
    """What was recorded, with the text of each module as it was then: a line that has only moved is the same line."""

    def __init__(self, path: Path, tree: Path) -> None:
        self._path, self._tree = path, tree
        self._versions: dict[str, str] = {}  # of the files of the tests
        self._sources: dict[str, str] = {}
        self._lines: Lines = {}
        self._current: dict[str, str] = {}
        self._by_line: dict[str, defaultdict[int, list[str]]] = {}
        if path.exists():
            self._versions, self._sources, self._lines = json.loads(path.read_text())

    def add(self, recorded: Lines) -> None:
        for module, by_test in recorded.items():
            kept = self._lines.get(module, {}) if self._sources.get(module) == self._source(module) else {}
            kept = {test: lines for test, lines in kept.items() if self._is_as_it_was(file_of(test))}
            self._lines[module] = {**kept, **by_test}
            self._sources[module] = self._source(module)
        for name in {file_of(test) for by_test in recorded.values() for test in by_test}:
            self._versions[name] = self._version(name)
        self.__dict__.pop("_in_process", None)
        self._by_line.clear()
        self._path.parent.mkdir(exist_ok=True)
        self._path.write_text(json.dumps([self._versions, self._sources, self._lines]))

    def left_out(self, module: str, line: int) -> list[str]:
        """The tests that do not execute this line, as far as known: one that executes nothing of the app at all does it
        in a process of its own. What nobody executes in a test may have run before, when Django started (`connect()`):
        every test stands on that."""
        statement = statement_at(self._source(module), line)
        if statement is None or module not in self._lines:
            return []
        before = lines_before(self._sources[module], self._source(module))
        if not statement <= before.keys():
            return []
        reached = set[str]().union(*(self._tests_of(module)[before[number]] for number in statement))
        if not reached or OUTSIDE in reached:
            return []
        others = self._lines[module].keys() - reached
        return sorted(
            test for test in others if self._is_as_it_was(file_of(test)) and test in self._in_process
        )

    def _tests_of(self, module: str) -> defaultdict[int, list[str]]:
        """Of each line."""
        if module not in self._by_line:
            self._by_line[module] = defaultdict(list)
            for test, lines in self._lines[module].items():
                for line in lines:
                    self._by_line[module][line].append(test)
        return self._by_line[module]

    @cached_property
    def _in_process(self) -> set[str]:
        return {test for by_test in self._lines.values() for test, lines in by_test.items() if lines}

    def _source(self, module: str) -> str:
        return (self._tree / "sessions_ui" / module).read_text()

    def _is_as_it_was(self, name: str) -> bool:
        return self._versions.get(name) == self._version(name)

    def _version(self, name: str) -> str:
        if name not in self._current:
            path = self._tree / name
            self._current[name] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        return self._current[name]


@cache
def lines_before(old: str, new: str) -> dict[int, int]:
    """The lines of `new` that were in `old` already, and which of its lines they were."""
    if old == new:
        return {number: number for number in range(1, new.count("\n") + 2)}
    matcher = SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
    return {
        block.b + offset + 1: block.a + offset + 1
        for block in matcher.get_matching_blocks()
        for offset in range(block.size)
    }


def file_of(test: str) -> str:
    return test.partition("::")[0]


def statement_at(source: str, line: int) -> set[int] | None:
    """The lines of the statement there, of a compound one those of its head; None where it runs at import."""
    inside = False
    block: Iterable[ast.stmt] = _statements(source)
    while True:
        found = next((node for node in block if node.lineno <= line <= (node.end_lineno or 0)), None)
        if found is None:
            return {line} if inside else None
        body = getattr(found, "body", None)
        if body is None:
            return set(range(found.lineno, (found.end_lineno or 0) + 1)) if inside else None
        if line < body[0].lineno:
            return set(range(found.lineno, body[0].lineno)) if inside else None
        inside = inside or isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef)
        block = _blocks(found)


@cache
def _statements(source: str) -> list[ast.stmt]:
    """Those of the module, parsed once for all of its lines: they are asked for by the thousand."""
    return ast.parse(source).body


def _blocks(node: ast.stmt) -> list[ast.stmt]:
    nested = [node, *getattr(node, "handlers", [])]
    return [
        child
        for part in nested
        for name in ("body", "orelse", "finalbody")
        for child in getattr(part, name, [])
    ]


class Recorder:
    def __init__(self, path: Path, source: Path) -> None:
        self._path, self._source = path, source
        self._coverage = coverage.Coverage(data_file=None, source=[str(source)], config_file=False)
        self._tests: list[str] = []
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self._tests.append(item.nodeid)
        self._coverage.switch_context(item.nodeid)
        result = yield
        self._coverage.switch_context(OUTSIDE)
        return result

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        data = self._coverage.get_data()
        found: Lines = {}
        for file in data.measured_files():
            by_test: dict[str, list[int]] = {test: [] for test in self._tests}
            for line, contexts in data.contexts_by_lineno(file).items():
                for context in contexts:
                    by_test.setdefault(context, []).append(line)
            found[str(Path(file).relative_to(self._source))] = by_test
        # With xdist every worker has seen its own share.
        self._path.mkdir(exist_ok=True)
        share = self._path / os.environ.get("PYTEST_XDIST_WORKER", "all")
        share.write_text(json.dumps(found))


def pytest_configure(config: pytest.Config) -> None:
    if path := os.environ.get(RECORD):
        config.pluginmanager.register(Recorder(Path(path), config.rootpath / "sessions_ui"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, Any, Any]:
    """SIGPROF ends the process (`workshop.py` calls that a hang) when its time on the processor is over."""
    if LEFT_OUT in os.environ:
        signal.setitimer(signal.ITIMER_PROF, LONGEST)
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if path := os.environ.get(LEFT_OUT):
        left_out = set(json.loads(Path(path).read_text()))
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
        items[:] = [item for item in items if item.nodeid not in left_out]


def read(folder: Path) -> Lines:
    """What the workers have recorded."""
    found: Lines = {}
    for share in folder.iterdir():
        for module, by_test in json.loads(share.read_text()).items():
            known = found.setdefault(module, {})
            for test, lines in by_test.items():
                known[test] = [*known.get(test, []), *lines]
    return found
