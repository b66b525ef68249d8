"""A primary and a hot standby."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from tests.clusters.processes import HOST, Processes, free_port, kill, program, wait_until

SERVER = """
port = {port}
listen_addresses = '{host}'
unix_socket_directories = ''
shared_buffers = 128MB
max_connections = 80
wal_level = replica
max_wal_senders = 8
hot_standby = on
"""


def binaries() -> Path:
    """The folder of PostgreSQL's programs. Debian has a wrapper in PATH for some of them, and the servers elsewhere."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else Path(program("initdb")).parent


class PostgreSQL:
    """`url` names both servers and takes whichever may be written to."""

    def __init__(self, processes: Processes) -> None:
        self.processes = processes
        self.bin = binaries()
        self.ports = {"primary": free_port(), "standby": free_port()}
        self.folders = {name: processes.make(name, owner="postgres") for name in self.ports}
        self.servers: dict[str, subprocess.Popen[bytes]] = {}
        hosts = ",".join(f"{HOST}:{port}" for port in self.ports.values())
        self.url = f"postgres://postgres@{hosts}/postgres?target_session_attrs=read-write"

    def start_alone(self) -> None:
        """No standby."""
        primary = self.folders["primary"]
        self._run("initdb", "-D", str(primary), "-A", "trust", "-U", "postgres", "-E", "UTF8")
        self._serve("primary")

    def start(self) -> None:
        """The standby streams, and nothing waits for it yet."""
        self.start_alone()
        standby = self.folders["standby"]
        self.sql("primary", "SELECT pg_create_physical_replication_slot('standby')")
        where = f"host={HOST} port={self.ports['primary']} user=postgres application_name=standby"
        self._run(
            "pg_basebackup",
            "-d",
            where,
            "-D",
            str(standby),
            "-R",
            "-S",
            "standby",
            "-X",
            "stream",
            "-c",
            "fast",
        )
        self._serve("standby")
        wait_until(lambda: self.walsender(), "the standby streams")

    def wait_for_standby(self) -> None:
        """From now on a commit waits for the standby, where `synchronous_commit` says so."""
        self.configure("synchronous_standby_names", "standby")
        sync = "SELECT sync_state FROM pg_stat_replication"
        wait_until(lambda: self.sql("primary", sync) == "sync", "the standby is synchronous")

    def configure(self, name: str, value: str) -> None:
        self.sql("primary", f"ALTER SYSTEM SET {name} = '{value}'")
        self.sql("primary", "SELECT pg_reload_conf()")

    def walsender(self) -> str:
        return self.sql("primary", "SELECT pid FROM pg_stat_replication WHERE state = 'streaming'")

    def stall(self) -> None:
        """The standby gets nothing any more, as when the network is slow: what is not waited for is lost later."""
        os.kill(int(self.walsender()), signal.SIGSTOP)

    def kill_primary(self) -> None:
        """The postmaster and all of its children at once, as when the machine loses its power."""
        kill(self.servers["primary"])

    def promote(self) -> None:
        self._run("pg_ctl", "promote", "-w", "-D", str(self.folders["standby"]))

    def sql(self, server: str, statement: str) -> str:
        where = ["-h", HOST, "-p", str(self.ports[server]), "-U", "postgres", "postgres"]
        return self._run("psql", "-qtAX", "-v", "ON_ERROR_STOP=1", *where, "-c", statement).strip()

    def _serve(self, name: str) -> None:
        with (self.folders[name] / "postgresql.conf").open("a") as conf:  # the last word counts
            conf.write(SERVER.format(host=HOST, port=self.ports[name]))
        command = [f"{self.bin}/postgres", "-D", str(self.folders[name])]
        self.servers[name] = self.processes.start(*command, log=name, user="postgres")
        wait_until(lambda: self._answers(name), f"PostgreSQL's {name}")

    def _answers(self, name: str) -> bool:
        try:
            return self.sql(name, "SELECT 1") == "1"
        except RuntimeError:
            return False

    def _run(self, name: str, *arguments: str) -> str:
        return self.processes.run(f"{self.bin}/{name}", *arguments, user="postgres")
