"""What the demo does when one of its processes ends by itself."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from config.demo import processes
from config.demo.processes import ProcessDied, Processes

WAIT_SECONDS = 120  # far more than it takes
# `python -m brief`: leaves a line each time it is started, and ends.
BRIEF = "open('starts', 'a').write('once\\n')"


def run_until(demo: Processes, folder: Path, starts: int) -> int:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        demo.check()
        file = folder / "starts"
        if file.exists() and (found := len(file.read_text().splitlines())) >= starts:
            return found
        time.sleep(0.02)
    return 0


def test_a_process_that_had_settled_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "SETTLED_SECONDS", 0.0)
    monkeypatch.setattr(processes, "RESTART_SECONDS", 0.0)
    (tmp_path / "brief.py").write_text(BRIEF)
    with Processes(tmp_path, {}) as demo:
        demo.start("worker", "brief", [])
        assert run_until(demo, tmp_path, starts=2) >= 2


def test_a_process_that_had_settled_is_started_again_however_soon_it_ends_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full for a quarter of a minute ends a worker more than once."""
    monkeypatch.setattr(processes, "SETTLED_SECONDS", 0.0)
    monkeypatch.setattr(processes, "RESTART_SECONDS", 0.0)
    (tmp_path / "brief.py").write_text(BRIEF)
    with Processes(tmp_path, {}) as demo:
        demo.start("worker", "brief", [])
        run_until(demo, tmp_path, starts=2)
        monkeypatch.setattr(processes, "SETTLED_SECONDS", 3600.0)
        assert run_until(demo, tmp_path, starts=4) >= 4


def test_a_process_that_ends_at_once_is_not_started_without_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "SETTLED_SECONDS", 0.0)
    monkeypatch.setattr(processes, "RESTART_SECONDS", 3600.0)
    (tmp_path / "brief.py").write_text(BRIEF)
    with Processes(tmp_path, {}) as demo:
        demo.start("worker", "brief", [])
        demo._running["worker"].wait()
        for _ in range(3):
            demo.check()
    assert (tmp_path / "starts").read_text() == "once\n"


def test_a_process_that_cannot_run_here_ends_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "SETTLED_SECONDS", 3600.0)
    (tmp_path / "brief.py").write_text(BRIEF)
    with Processes(tmp_path, {}) as demo, pytest.raises(ProcessDied, match="The worker ended by itself"):
        demo.start("worker", "brief", [])
        run_until(demo, tmp_path, starts=2)
