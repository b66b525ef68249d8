"""Brokers and the cache go away and come back. Endings need none of them; whoever must be told is told afterwards."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

from tests.clusters.load import Crowd
from tests.clusters.people import living, somebody
from tests.clusters.postgresql import PostgreSQL
from tests.clusters.processes import HOST, Processes, accepts, free_port, kill, program, wait_until
from tests.clusters.rabbitmq import RabbitMQ
from tests.clusters.report import Report
from tests.clusters.site import Web, migrate, use, worker

LEAVING, STAYING = 150, 10  # people
BEFORE, AWAY, AFTER = 4.0, 6.0, 4.0  # seconds of load
LATEST = 240.0  # seconds until everybody was told
LOOK = 45.0  # seconds between two looks at the worker; it starts slowly on a busy machine


def rabbitmq(processes: Processes) -> Report:
    """Three nodes and a quorum queue; the node that leads it is killed."""
    report = Report()
    broker = RabbitMQ(processes)
    broker.start()
    database = PostgreSQL(processes)
    database.start_alone()
    use(processes, DATABASE_URL=database.url, CELERY_BROKER_URL=broker.url, QUEUE_TYPE="quorum")
    migrate()
    leaving, staying = somebody(LEAVING), somebody(STAYING)
    web, work = Web(processes), Worker(processes)
    wait_until(lambda: broker.leader("celery"), "the queue is there")
    report.expect(broker.kind("celery") == "quorum", f"the queue is {broker.kind('celery')}")
    with Crowd(web.url, leaving=leaving, staying=staying) as load:
        time.sleep(BEFORE)
        killed = time.monotonic()
        lost = broker.leader("celery")
        broker.kill(lost)
        time.sleep(AWAY)
    report.count(load, since=killed)
    report.lost = living(load.acknowledged)
    report.expect(broker.leader("celery") not in ("", lost), "no other node leads the queue")
    all_told(report, work, number=len(load.acknowledged))
    return report


def redis(processes: Processes) -> Report:
    """One Redis as cache and broker; it is killed, and comes back empty."""
    report = Report()
    server = Redis(processes)
    server.up()
    database = PostgreSQL(processes)
    database.start_alone()
    url = f"redis://{HOST}:{server.port}"
    use(processes, DATABASE_URL=database.url, REDIS_URL=f"{url}/0", CELERY_BROKER_URL=f"{url}/1")
    migrate()
    leaving, staying = somebody(LEAVING), somebody(STAYING)
    web, work = Web(processes), Worker(processes)
    with Crowd(web.url, leaving=leaving, staying=staying) as load:
        time.sleep(BEFORE)
        killed = time.monotonic()
        server.down()
        time.sleep(AWAY)
        server.up()
        time.sleep(AFTER)
    report.count(load, since=killed)
    report.lost = living(load.acknowledged)
    all_told(report, work, number=len(load.acknowledged))
    return report


def all_told(report: Report, work: Worker, *, number: int) -> None:
    """Each acknowledged ending is in force, and its mail goes out once."""
    from sessions_ui.models import Delivery

    began = time.monotonic()
    mails = Delivery.objects.filter(channel="mail")
    for _ in work.looked_after():
        if not mails.filter(done_at__isnull=True).exists() or time.monotonic() - began > LATEST:
            break
    told = mails.filter(done_at__isnull=False).count()
    report.notes.append(f"{told} mails, the last {time.monotonic() - began:.0f} s after the load")
    report.notes.append(f"the worker was started again {work.restarts} times")
    report.expect(not report.errors, f"{report.errors} errors, and endings need none of this")
    report.expect(not report.lost, f"{report.lost} acknowledged endings lost")
    report.expect(told == mails.count() >= number > 0, f"{told} of {number} were told")
    report.expect(not mails.filter(attempts__gt=1).exists(), "a mail took more than one attempt")


class Worker:
    """As a service manager looks after it (docs/production.md): started again where it died, or is not at work."""

    def __init__(self, processes: Processes) -> None:
        self.processes, self.restarts = processes, 0
        self.process = worker(processes)

    def looked_after(self) -> Iterator[None]:
        look_at = time.monotonic() + LOOK
        while True:
            yield
            time.sleep(0.2)
            if self.process.poll() is None and time.monotonic() > look_at:
                look_at = time.monotonic() + LOOK
                if not self.is_at_work():
                    kill(self.process)
            if self.process.poll() is not None:
                self.process = worker(self.processes)
                self.restarts += 1
                look_at = time.monotonic() + LOOK

    def is_at_work(self) -> bool:
        health = [sys.executable, "manage.py", "sessions", "health", "--worker-within", str(LOOK)]
        return subprocess.run(health, capture_output=True, check=False).returncode == 0


class Redis:
    def __init__(self, processes: Processes) -> None:
        self.processes, self.port = processes, free_port()
        self.server: subprocess.Popen[bytes] | None = None

    def up(self) -> None:
        command = [program("redis-server"), "--bind", HOST, "--port", str(self.port), "--save", ""]
        self.server = self.processes.start(*command, "--dir", str(self.processes.folder), log="redis")
        wait_until(lambda: accepts(self.port), "Redis")

    def down(self) -> None:
        assert self.server is not None
        kill(self.server)
