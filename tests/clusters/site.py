"""The site's processes on a cluster, and the environment that they share with this one."""

from __future__ import annotations

import os
import subprocess
import sys

import httpx

from tests.clusters.processes import HOST, Processes, free_port, wait_until


def use(processes: Processes, **environment: str) -> None:
    """Make this process and all that it starts the site on these servers."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="tests.clusters.settings",
        DEBUG="0",
        DEMO="0",
        SECRET_KEY="not a secret: only the clusters of this run use it",
        FACTOR_KEYS="not a secret either: only the clusters of this run use it",
        ALLOWED_HOSTS=HOST,
        SECURE_SSL_REDIRECT="0",
        TRUSTED_PROXIES="",
        SITE_URL="https://devices.example",
        EMAIL_URL="dummymail://",
        VAR_DIR=str(processes.make("var")),
    )
    for name in ("REDIS_URL", "CELERY_BROKER_URL", "SYNCHRONOUS_COMMIT", "PGBOUNCER", "QUEUE_TYPE"):
        os.environ.pop(name, None)
    os.environ.update(environment)
    import django

    django.setup()


def migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)


class Web:
    """A web process. `environment`: where it differs from this one's."""

    def __init__(self, processes: Processes, name: str = "web", **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--no-proxy-headers"]
        command += ["--lifespan", "off", "--port", str(self.port), "--log-level", "warning"]
        self.process = processes.start(*command, log=name, environment=environment)
        wait_until(self.is_well, f"the site ({name})")

    def is_well(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=30).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def weaknesses(self) -> list[str]:
        return httpx.get(f"{self.url}/healthz", timeout=30).json().get("database", [])


def worker(processes: Processes) -> subprocess.Popen[bytes]:
    """With beat in it, as only a site with one worker may have it."""
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-P", "threads", "-c", "2", "-B"]
    command += ["-s", str(processes.folder / "beat")]
    return processes.start(*command, log="worker")
