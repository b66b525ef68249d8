"""Three nodes of a MariaDB Galera cluster."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.clusters.processes import HOST, NotHere, Processes, free_port, kill, program, wait_until

USER = PASSWORD = DATABASE = "devices"
NODE = """
[mysqld]
datadir = {folder}/data
socket = {folder}/socket
pid-file = {folder}/pid
port = {port}
bind-address = {host}
binlog_format = ROW
default_storage_engine = InnoDB
innodb_autoinc_lock_mode = 2
innodb_buffer_pool_size = 96M
max_connections = 80
performance_schema = OFF
character-set-server = utf8mb4
collation-server = utf8mb4_unicode_ci
wsrep_on = ON
wsrep_provider = {provider}
wsrep_cluster_name = {name}
wsrep_cluster_address = gcomm://{members}
wsrep_node_name = {name}-{number}
wsrep_node_address = {host}
wsrep_node_incoming_address = {host}:{port}
wsrep_sst_method = rsync
wsrep_sst_receive_address = {host}:{sst}
wsrep_provider_options = "gmcast.listen_addr=tcp://{host}:{group};ist.recv_addr={host}:{ist};gcache.size=64M;base_port={group}"
wsrep_slave_threads = 2
"""


def provider() -> Path:
    for path in (Path("/usr/lib/galera/libgalera_smm.so"), Path("/usr/lib64/galera-4/libgalera_smm.so")):
        if path.exists():
            return path
    raise NotHere("galera-4")


class Galera:
    """Nodes are counted from 0; `url(port)` is where the site reaches one, or a way to one."""

    def __init__(self, processes: Processes, number: int = 3) -> None:
        self.processes = processes
        program("rsync")
        self.mariadbd, self.client = program("mariadbd"), program("mariadb")
        self.ports = [free_port() for _ in range(number)]
        self.groups = [free_port() for _ in range(number)]
        self.folders = [processes.make(f"node{node}", owner="mysql") for node in range(number)]
        self.nodes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        install = program("mariadb-install-db")
        for node, folder in enumerate(self.folders):
            self._configure(node)
            self.processes.make(f"{folder.name}/data", owner="mysql")
            data = [f"--datadir={folder}/data", "--auth-root-authentication-method=normal"]
            if node == 0:  # the others get everything from the first
                self.processes.run(install, "--no-defaults", "--skip-test-db", *data, user="mysql")
            self._serve(node, *(["--wsrep-new-cluster"] if node == 0 else []))
        account = f"'{USER}'@'{HOST}'"
        self.sql(
            0,
            f"CREATE DATABASE {DATABASE}; CREATE USER {account} IDENTIFIED BY '{PASSWORD}'; "
            f"GRANT ALL ON {DATABASE}.* TO {account}",
        )

    def url(self, port: int, *, sync_wait: int = 1) -> str:
        setting = f"SET SESSION wsrep_sync_wait={sync_wait}".replace(" ", "%20").replace("=", "%3D")
        return f"mysql://{USER}:{PASSWORD}@{HOST}:{port}/{DATABASE}?init_command={setting}"

    def conflicts(self, node: int) -> int:
        """How many transactions of this node gave way to one of another."""
        counts = ("wsrep_local_cert_failures", "wsrep_local_bf_aborts")
        return sum(int(self.sql(node, f"SHOW STATUS LIKE '{name}'").split()[-1]) for name in counts)

    def kill(self, node: int) -> None:
        kill(self.nodes.pop(node))

    def sql(self, node: int, statement: str) -> str:
        where = [f"-h{HOST}", f"-P{self.ports[node]}", "-uroot"]
        return self.processes.run(self.client, "--no-defaults", *where, "-Nse", statement).strip()

    def _configure(self, node: int) -> None:
        text = NODE.format(
            folder=self.folders[node],
            host=HOST,
            port=self.ports[node],
            provider=provider(),
            name=self.processes.folder.name,
            number=node,
            members=",".join(f"{HOST}:{group}" for group in self.groups),
            group=self.groups[node],
            sst=free_port(),
            ist=free_port(),
        )
        (self.processes.folder / f"node{node}.cnf").write_text(text)

    def _serve(self, node: int, *arguments: str) -> None:
        command = [self.mariadbd, f"--defaults-file={self.processes.folder}/node{node}.cnf", *arguments]
        self.nodes[node] = self.processes.start(*command, log=f"node{node}", user="mysql")
        wait_until(lambda: self._is_synced(node), f"node {node}")

    def _is_synced(self, node: int) -> bool:
        if self.nodes[node].poll() is not None:
            raise ChildProcessError(f"node {node} has ended")
        try:
            return self.sql(node, "SHOW STATUS LIKE 'wsrep_local_state_comment'").endswith("Synced")
        except RuntimeError:
            return False
