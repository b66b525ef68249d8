"""Open streams: `python -m benchmarks.streams [--soak MINUTES] [--write]`, from the commit of an ending to its arrival.

One uvicorn process serves them (uvloop, httptools), on PostgreSQL and Redis. The sessions are ended by another process,
each in a transaction of its own, and the streams are held by this one: all three share the machine, and nothing leaves
the loopback interface. A delay counts from the commit of the ending to the arrival of the bytes, 200 endings at 50 a
second or less. *Memory a stream* is what the process grew by.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.__main__ import machine, versions
from benchmarks.databases import postgres
from benchmarks.peers import OURS_LIVE
from benchmarks.tables import Result, Target, summary
from benchmarks.workers import QUIET, Worker

PAGE = Path(__file__).parent.parent / "docs" / "live.md"
TIMED, HELD = 1_000, 5_000
ENDINGS = 200
PACE_SECONDS = 0.02  # 50 endings a second
AT_ONCE = 100  # streams opened at a time
POOL = 6
WARM_UP = 20  # endings that nobody listens to: what is loaded once is loaded
SOURCES = 20  # loopback addresses to connect from


def work() -> dict[str, Any]:
    """Inside of the worker that fills the table and ends sessions."""
    from celery import current_app
    from django.contrib.auth import get_user_model
    from django.db import transaction

    from benchmarks import fill
    from benchmarks.requests import signed_in_client
    from sessions_ui.actions.endings.end import end_session
    from sessions_ui.models import EndReason, Session, digest_of

    current_app.conf.broker_url = "memory://"  # an ending asks a worker to hurry

    def sessions(count: int) -> None:
        """Each of a user of its own, and the keys are `fill.key(1)` and so on."""
        model: Any = get_user_model()
        own = signed_in_client().cookies["sessionid"].value
        first = model.objects.latest("pk").pk
        template = model.objects.get(pk=first)
        people = [model(username=f"stream{n}", password=template.password) for n in range(count)]
        model.objects.bulk_create(people, batch_size=1_000)
        fill.sessions(own, count, {"user_id": f"{first} + i"})

    def end(number: int) -> float:
        """The moment right after the commit, before anything is published."""
        session = Session.objects.get(digest=digest_of(fill.key(number)))
        committed: list[float] = []
        with transaction.atomic():
            transaction.on_commit(lambda: committed.append(time.time()))
            assert end_session(session=session, reason=EndReason.SIGNED_OUT_REMOTELY).ended == 1
        return committed[0]

    return {"sessions": sessions, "end": end}


def serve() -> None:
    """Inside of the server: prints its port, then serves."""
    import socket

    import django
    import uvicorn

    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    django.setup()
    from django.core.asgi import get_asgi_application

    from sessions_ui.stream import with_stream

    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    config = uvicorn.Config(
        with_stream(get_asgi_application()),
        log_level="warning",
        access_log=False,
        lifespan="off",
        backlog=1024,
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def server(database: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """Its port and process id."""
    process = subprocess.Popen(
        [sys.executable, *QUIET, "-c", "from benchmarks.streams import serve; serve()"],
        env={**os.environ, "BENCH_PEER": OURS_LIVE.name, "BENCH_DATABASE": json.dumps(database)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        if not (line := process.stdout.readline()):
            raise RuntimeError("the server died; its error stands above")
        yield json.loads(line)["port"], process.pid
    finally:
        process.terminate()
        process.wait()


class Client(asyncio.Protocol):
    """One browser's stream: notes when it was opened, and when it heard of its end."""

    def __init__(self, number: int, port: int) -> None:
        from benchmarks.fill import key

        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.ended_at: asyncio.Future[float] = loop.create_future()
        self._request = (
            f"GET /account/devices/stream HTTP/1.1\r\nHost: localhost:{port}\r\n"
            f"Cookie: sessionid={key(number)}\r\n\r\n"
        ).encode()
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if b"event: ended" in data:
            self.ended_at.set_result(time.time())
        if not self.opened.done() and b"retry: " in data:
            self.opened.set_result(None)
        elif not self.opened.done() and not data.startswith(b"HTTP/1.1 200"):
            self.opened.set_exception(RuntimeError(f"no stream: {data[:100]!r}"))

    def connection_lost(self, error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(error or ConnectionError("the server hung up"))


async def opened(port: int, count: int, *, first: int = 1) -> list[Client]:
    loop = asyncio.get_running_loop()
    clients: list[Client] = []
    for start in range(first, first + count, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, first + count))
        made = await asyncio.gather(
            *(
                loop.create_connection(
                    lambda number=number: Client(number, port),  # type: ignore[misc]
                    "127.0.0.1",
                    port,
                    local_addr=(f"127.0.0.{2 + number % SOURCES}", 0),
                )
                for number in numbers
            )
        )
        batch = [protocol for _, protocol in made]
        await asyncio.gather(*(client.opened for client in batch))
        clients += batch
    return clients


async def delays(clients: list[Client], worker: Worker) -> list[float]:
    """Milliseconds from the commit of each ending to its arrival."""
    committed = []
    for number in range(1, ENDINGS + 1):
        committed.append(await asyncio.to_thread(worker.ask, "end", number=number))
        await asyncio.sleep(PACE_SECONDS)
    arrived = await asyncio.wait_for(asyncio.gather(*(client.ended_at for client in clients[:ENDINGS])), 5)
    return [max(0.0, at - began) * 1e3 for at, began in zip(arrived, committed, strict=True)]


def memory(pid: int) -> int:
    """Resident bytes."""
    line = next(
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")
    )
    return int(line.split()[1]) * 1024


def threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def connections(database: dict[str, Any]) -> int:
    """Of the server: those of its database, without this one and the worker's."""
    given = {
        key: database[name]
        for key, name in [("dbname", "NAME"), ("user", "USER"), ("password", "PASSWORD"), ("host", "HOST")]
        if database[name]
    }
    with psycopg.connect(**given) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert row is not None
    return int(row[0])


async def run(count: int, database: dict[str, Any], worker: Worker) -> dict[str, float]:
    with server(database) as (port, pid):
        for client in await opened(port, 1):  # what is loaded once is loaded
            client.transport.close()
        await asyncio.sleep(2)
        before = memory(pid), connections(database)
        began = time.perf_counter()
        clients = await opened(port, count)
        took = time.perf_counter() - began
        await asyncio.sleep(3)
        figures = {
            "opening": took,
            "bytes": (memory(pid) - before[0]) / count,
            "resident": memory(pid) / 1e6,
            "connections": connections(database) - before[1],
            "threads": threads(pid),
            "alive": sum(not client.transport.is_closing() for client in clients),
        }
        percentiles = statistics.quantiles(await delays(clients, worker), n=100)
        figures |= {"p50": percentiles[49], "p99": percentiles[98]}
        for client in clients:
            client.transport.close()
        return figures


def measure() -> Result:
    rows, found = [], {}
    for count in (TIMED, HELD):
        with (
            postgres(f"streams_{count}", pool=POOL) as database,
            Worker(OURS_LIVE, "benchmarks.streams", database) as worker,
        ):
            worker.ask("sessions", count=count + WARM_UP)
            for number in range(count + 1, count + WARM_UP + 1):
                worker.ask("end", number=number)
            figures = found[count] = asyncio.run(run(count, database, worker))
        assert figures["alive"] == count, f"{count - figures['alive']:.0f} streams did not hold"
        rows.append(
            [
                f"{count:,}",
                f"{figures['p50']:.0f}",
                f"{figures['p99']:.0f}",
                f"{figures['bytes'] / 1e3:.0f} kB",
                f"{figures['resident']:.0f} MB",
                f"{figures['threads']:.0f}",
                f"{figures['connections']:.0f}",
                f"{figures['opening']:.1f} s",
            ]
        )
    return Result(
        title="Open streams of one process",
        text=(__doc__ or "").strip().partition("\n\n")[2],
        head=[
            "streams",
            "ms p50",
            "ms p99",
            "memory a stream",
            "process",
            "threads",
            "connections more",
            "opened in",
        ],
        rows=rows,
        targets=[
            Target("1,000 streams: from commit to arrival, p99", found[TIMED]["p99"], most=250, unit="ms"),
            Target("1,000 streams: database connections more", found[TIMED]["connections"], most=0),
            Target("5,000 streams hold", found[HELD]["alive"], least=HELD),
        ],
    )


def write(text: str, place: str) -> None:
    """Into the page, between the marks of this place."""
    begin, end = f"<!-- benchmarks.{place}: begin -->", f"<!-- benchmarks.{place}: end -->"
    before, _, rest = PAGE.read_text().partition(begin)
    _, _, after = rest.partition(end)
    PAGE.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def main() -> int:
    """Fails where there is something that must not be at all; times are the machine's, too."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streams", description=__doc__)
    parser.add_argument(
        "--soak", type=float, metavar="MINUTES", help="1,000 streams beside requests, for so long"
    )
    parser.add_argument("--write", action="store_true", help=f"put the table into docs/{PAGE.name}")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    if options.soak:
        from benchmarks.soak import soak  # it imports this module

        result = soak(options.soak)
    else:
        result = measure()
    text = f"{machine()} {versions()}\n\n{summary(result.targets)}\n\n{result.markdown()}"
    print(text)
    if options.write:
        write(text, "soak" if options.soak else "streams")
    return int(any(target.most == 0 and not target.met for target in result.targets))


if __name__ == "__main__":
    sys.exit(main())
