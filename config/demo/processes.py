"""The processes of the demo: started together, ended together."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType

logger = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# A task under way may finish; one that takes longer is taken up again from its row at the next start.
GRACE_SECONDS = 8.0
# A process that ends sooner at its first start cannot run here at all. One that has run for so long is started again
# whenever it ends, as by a service manager: a disk may be full for a while.
SETTLED_SECONDS = 10.0
RESTART_SECONDS = 2.0  # from one start to the next, at least


class Stopped(Exception):
    """Somebody asked the demo to end."""


class ProcessDied(Exception):
    """One of the processes ended by itself."""


class Processes:
    """The processes of the demo, as a context: on leaving it, whatever the reason, none of them is left.

    Each runs in a process group of its own: Ctrl-C reaches only this process, which ends them in order, the last
    started first. All output goes to the terminal that the demo was started in.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = {**os.environ, **environment}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, tuple[str, Sequence[str], float]] = {}  # module, arguments, started when
        self._settled: set[str] = set()
        self._starting = self._stop = False

    def __enter__(self) -> Processes:
        self._previous = {number: signal.signal(number, self._on_signal) for number in STOP_SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave anything behind
        self._end_all()
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def start(self, name: str, module: str, arguments: Sequence[str]) -> None:
        self._starting = True
        self._commands[name] = (module, arguments, time.monotonic())
        try:
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own interpreter, no input of anybody's
                [sys.executable, "-m", module, *arguments],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            self._starting = False
        self.check()

    def check(self) -> None:
        if self._stop:
            raise Stopped
        for name, process in list(self._running.items()):
            if process.poll() is not None:
                self._restart(name, process.returncode)

    def _restart(self, name: str, code: int) -> None:
        """Start a process again, unless it cannot run here; where that would be too soon, a later check does."""
        module, arguments, started = self._commands[name]
        ran = time.monotonic() - started
        if ran >= SETTLED_SECONDS:
            self._settled.add(name)
        if name not in self._settled:
            raise ProcessDied(f"The {name} ended by itself (exit code {code}).")
        if ran >= RESTART_SECONDS:
            logger.warning("The %s ended by itself (exit code %s) and is started again.", name, code)
            self.start(name, module, arguments)

    def wait(self) -> None:
        """Wait until somebody stops the demo, or one of the processes dies."""
        while True:
            self.check()
            time.sleep(0.5)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop = True
        if not self._starting:  # else the process just made would be known to nobody
            raise Stopped

    def _end_all(self) -> None:
        processes = list(reversed(self._running.values()))
        for process in processes:
            _send(process, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        for process in processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _send(process, signal.SIGKILL)
                process.wait()


def _send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)
