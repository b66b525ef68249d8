"""PostgreSQL, Redis and Prometheus of one's own: in a folder of /tmp, on ports of their own, to stop as one likes.

For the tests of faults and for `benchmarks/outages.py`; the servers that others use are left alone.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import psycopg

PATIENCE = 60.0  # seconds; far more than any of it takes


class NotInstalled(Exception):
    """The program is not on this machine."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(port: int, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not answers(port):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not start")
        time.sleep(0.05)


class Postgres:
    """A cluster of its own. `stop()` and `start()`, `freeze()` and `thaw()` as often as one likes; `close()` removes
    it.

    Raises `NotInstalled` where there is no `initdb`.
    """

    def __init__(self) -> None:
        self.programs = _postgres_programs()
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="devices-postgres-"))
        # PostgreSQL refuses to run as root; there, as the user that its package has made.
        self._as: list[str] = []
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
            self._as = ["runuser", "-u", "postgres", "--"]
        self._run("initdb", "--auth=trust", "--username=site", "--no-sync", "-D", str(self.data))
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
                "fsync = off\nmax_connections = 120\n"
            )
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        """As in production's variable DATABASE_URL."""
        return f"postgres://site@127.0.0.1:{self.port}/postgres"

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.url, autocommit=True, connect_timeout=10)

    def start(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "start")

    def stop(self) -> None:
        """Connections are cut."""
        self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "stop")

    def freeze(self) -> None:
        """Every process of it stops where it is. The kernel goes on taking what is sent."""
        # The postmaster first: else it would start others in between.
        for pid in [self._postmaster(), *self._backends()]:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in [*self._backends(), self._postmaster()]:
            os.kill(pid, signal.SIGCONT)

    def close(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self.thaw()
            self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: str) -> None:
        command: Sequence[str] = [*self._as, str(self.programs / program), *arguments]
        # To a file: the server would keep a pipe open for as long as it lives.
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(command, cwd=self.folder, stdout=said, stderr=said, check=False)
            said.seek(0)
            assert done.returncode == 0, f"{program}: {said.read()}"

    def _postmaster(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def _backends(self) -> list[int]:
        main = self._postmaster()
        return [int(pid) for pid in Path(f"/proc/{main}/task/{main}/children").read_text().split()]


class Redis:
    """A server that writes nothing to the disk, and is not started yet. Raises `NotInstalled` where there is no
    `redis-server`."""

    def __init__(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise NotInstalled("no redis-server here")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._command = [program, "--bind", "127.0.0.1", "--port", str(self.port), "--save", ""]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_for(self.port, "Redis")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def close(self) -> None:
        self.stop()


class Prometheus:
    """A server that scrapes one page every second, with a token; `query()` asks it as Grafana does. `close()` ends it.

    Raises `NotInstalled` where there is no `prometheus`.
    """

    def __init__(self, folder: Path, *, target: str, token: str) -> None:
        program = shutil.which("prometheus")
        if program is None:
            raise NotInstalled("no prometheus here")
        self.port = free_port()
        job = {
            "job_name": "sessions",
            "authorization": {"credentials": token},
            "metrics_path": "/metrics",
            "static_configs": [{"targets": [target]}],
        }
        config = {"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}
        (folder / "prometheus.yml").write_text(json.dumps(config))  # YAML, too
        command = [
            *(
                program,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
            ),
            *(f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"),
        ]
        self.process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
        wait_for(self.port, "Prometheus")

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series of an expression at this moment. Raises `HTTPError` for one that cannot be read."""
        asked = urlencode({"query": expression})
        with urlopen(f"http://127.0.0.1:{self.port}/api/v1/query?{asked}", timeout=PATIENCE) as answer:
            said = json.load(answer)
        assert said["status"] == "success", said
        result = said["data"]["result"]
        assert isinstance(result, list)
        return result

    def wait_until_scraped(self) -> None:
        """Wait for the page to be read twice, as a rate needs it."""
        deadline = time.monotonic() + PATIENCE
        while not self._has_scraped():
            if time.monotonic() > deadline:
                raise TimeoutError("Prometheus did not read the page")
            time.sleep(0.1)

    def _has_scraped(self) -> bool:
        try:
            return any(int(series["value"][1]) >= 2 for series in self.query("sum_over_time(up[1m])"))
        except HTTPError as error:
            if error.code != 503:  # it listens before it is ready
                raise
            return False

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


def _postgres_programs() -> Path:
    """Where `initdb` is; Debian leaves it out of the path."""
    found = [Path(path).parent for path in [shutil.which("initdb")] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    for folder in reversed(found):
        if (folder / "initdb").exists():
            return folder
    raise NotInstalled("no initdb here")
