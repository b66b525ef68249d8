"""Real processes on the test database, a receiver that counts, and what must be true after every fault."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sessions_ui.actions.webhooks.endpoints import save_endpoint
from tests.database import database_url
from tests.faults.site import SESSIONS_UI
from tests.models import Delivery, Endpoint
from tests.receivers.server import Receiver, receiver

TIMEOUT = SESSIONS_UI["WEBHOOK_TIMEOUT"].total_seconds()
PATIENCE = 300  # seconds; far more than any of it takes
# For `start()`: workers of a test in which none is stopped, so that nothing may be made twice however slow they are.
UNHURRIED = {"LEASE_SECONDS": "600", "TIMEOUT_SECONDS": "120"}

Start = Callable[..., "subprocess.Popen[bytes]"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.faults)
            item.add_marker(pytest.mark.django_db(transaction=True))


def kill(process: subprocess.Popen[bytes]) -> None:
    """As the kernel does when memory runs out: nothing is tidied up."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(condition: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} has not come true"
        time.sleep(0.05)


@pytest.fixture
def start(transactional_db: None, tmp_path: Path) -> Iterator[Start]:
    """`start()`: a worker; `start("celery", …, CELERY_BROKER_URL=…)`: another module of Python. Killed in the end."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*command: str, **environment: str) -> subprocess.Popen[bytes]:
        with (tmp_path / f"process-{len(started)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *(command or ("tests.faults.worker",))],
                env={
                    **os.environ,
                    "DJANGO_SETTINGS_MODULE": "tests.faults.site",
                    "DATABASE_URL": database_url(),
                    **environment,
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield start
    for number, process in enumerate(started):
        if process.poll() is None:
            kill(process)
        # pytest shows it where the test has failed.
        print(f"--- process {number}", (tmp_path / f"process-{number}.log").read_text()[-4_000:], sep="\n")


@dataclass
class Outbox:
    """Webhooks to one receiver, which says how often each arrived."""

    endpoint: Endpoint
    receiver: Receiver

    def fill(self, number: int) -> None:
        Delivery.objects.bulk_create(
            Delivery(endpoint=self.endpoint, channel="webhook", receiver="endpoint") for _ in range(number)
        )

    def counts(self) -> Counter[str]:
        return Counter(request.id for request in list(self.receiver.requests))

    def is_empty(self) -> bool:
        return not Delivery.objects.filter(done_at__isnull=True).exists()

    def verify(self, *, number: int) -> None:
        """Every one made at least once, none lost or given up, none by two workers at the same time."""
        wait_until(self.is_empty, "every delivery made")
        assert not Delivery.objects.filter(parked_at__isnull=False).exists()
        counts = self.counts()
        assert len(counts) == number == Delivery.objects.count()
        spans: dict[str, list[tuple[float, float]]] = {}
        for request in self.receiver.requests:
            # A receiver that hangs does not notice that nobody waits for it any more.
            over = min(request.over, request.begun + TIMEOUT)
            spans.setdefault(request.id, []).append((request.begun, over))
        for identity, attempts in spans.items():
            attempts.sort()
            for (_, over), (begun, _) in pairwise(attempts):
                assert begun >= over, f"{identity} was made by two workers at the same time"
        print(f"{number} deliveries, {counts.total()} attempts, {counts.total() - number} more than one each")


@pytest.fixture
def hook(transactional_db: None) -> Iterator[Outbox]:
    with receiver() as server:
        endpoint = Endpoint(url=server.url, types=[])
        save_endpoint(endpoint=endpoint, actor=None)
        yield Outbox(endpoint, server)
