"""Three nodes of RabbitMQ."""

from __future__ import annotations

import subprocess

from tests.clusters.processes import HOST, Processes, free_port, kill, program, wait_until

LIBRARY = "/usr/lib/rabbitmq/bin"  # Debian's in PATH become another user, who may not read our folder


class RabbitMQ:
    """`url` names all nodes; Celery takes the next where one is gone."""

    def __init__(self, processes: Processes, number: int = 3) -> None:
        self.processes = processes
        self.server, self.ctl = program("rabbitmq-server", LIBRARY), program("rabbitmqctl", LIBRARY)
        stem = "".join(char for char in processes.folder.name if char.isalnum())
        self.names = [f"{stem}{node}@localhost" for node in range(number)]
        self.ports = {name: free_port() for name in self.names}
        self.between = {name: free_port() for name in self.names}
        self.home = processes.make("rabbitmq")
        self.nodes: dict[str, subprocess.Popen[bytes]] = {}
        self.url = ";".join(f"amqp://guest:guest@{HOST}:{port}//" for port in self.ports.values())

    def start(self) -> None:
        (self.home / "plugins").write_text("[].")
        cookie = self.home / ".erlang.cookie"
        cookie.write_text("CLUSTERS")
        cookie.chmod(0o400)
        first = self.names[0]
        for name in self.names:
            environment = self._environment(name)
            (self.home / f"{name}.conf").write_text(f"listeners.tcp.default = {HOST}:{self.ports[name]}\n")
            self.nodes[name] = self.processes.start(self.server, log=name, environment=environment)
            wait_until(lambda name=name: self._is_up(name), f"RabbitMQ {name}")
            if name != first:
                for command in (["stop_app"], ["join_cluster", first], ["start_app"]):
                    self._control(name, *command)

    def leader(self, queue: str) -> str:
        """Empty where there is none."""
        return self._of_queue(queue, "leader")

    def kind(self, queue: str) -> str:
        return self._of_queue(queue, "type").rpartition(".")[2].removeprefix("rabbit_").removesuffix("_queue")

    def kill(self, name: str) -> None:
        kill(self.nodes.pop(name))

    def _of_queue(self, queue: str, column: str) -> str:
        node = next(iter(self.nodes))
        lines = self._control(node, "-q", "list_queues", "--no-table-headers", "name", column).splitlines()
        return dict(line.split("\t", 1) for line in lines if "\t" in line).get(queue, "")

    def _is_up(self, name: str) -> bool:
        if self.nodes[name].poll() is not None:
            raise ChildProcessError(f"{name} has ended")
        try:
            self._control(name, "await_startup", "--timeout", "5")
        except RuntimeError:
            return False
        return True

    def _control(self, name: str, *command: str) -> str:
        return self.processes.run(self.ctl, "-n", name, *command, environment=self._environment(name))

    def _environment(self, name: str) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "ERL_CRASH_DUMP": str(self.home / "crash"),
            "RABBITMQ_NODENAME": name,
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",  # nothing of this machine's own server
            "RABBITMQ_CONFIG_FILE": str(self.home / f"{name}.conf"),
            "RABBITMQ_DIST_PORT": str(self.between[name]),
            "RABBITMQ_MNESIA_BASE": str(self.home),
            "RABBITMQ_LOG_BASE": str(self.home),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.home / "plugins"),
        }
