"""Servers of this run only, in one folder and on free ports, and their end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds; far more than any server needs to start


class NotHere(Exception):
    """What a scenario needs is not installed."""


def program(name: str, *folders: str) -> str:
    """The path of a program; `folders` come before PATH."""
    found = shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", ""), "/usr/sbin"]))
    if found is None:
        raise NotHere(name)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def wait_until(condition: Callable[[], object], what: str, *, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {patience:.0f} s")
        time.sleep(0.05)


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


class Processes:
    """Whatever is started here is gone when the block is left. `folder` is readable for the servers' own users, since
    neither PostgreSQL nor MariaDB runs as root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.chmod(0o755)
        self._running: list[subprocess.Popen[bytes]] = []

    def start(
        self, *command: str, log: str, environment: Mapping[str, str] | None = None, user: str = ""
    ) -> subprocess.Popen[bytes]:
        with (self.folder / f"{log}.log").open("ab") as output:
            process = subprocess.Popen(
                [*_as(user), *command],
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._running.append(process)
        return process

    def run(self, *command: str, user: str = "", environment: Mapping[str, str] | None = None) -> str:
        """To its end; what it printed."""
        done = subprocess.run(
            [*_as(user), *command],
            cwd=self.folder,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command[:2])}…: {done.stderr or done.stdout}")
        return done.stdout

    def make(self, name: str, *, owner: str = "") -> Path:
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        if owner and os.geteuid() == 0:
            shutil.chown(folder, owner)
        return folder

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._running):
            kill(process)


def _as(user: str) -> list[str]:
    """Servers that refuse to be root; whoever is somebody else starts them as themselves."""
    if not user or os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]


def kill(process: subprocess.Popen[bytes]) -> None:
    """With everything that it has started, and without a warning, as the loss of a machine does."""
    for pid in [process.pid, *descendants(process.pid)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def descendants(pid: int) -> list[int]:
    """Those in groups of their own, too, such as PostgreSQL's backends."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [found for child in map(int, children) for found in (child, *descendants(child))]
