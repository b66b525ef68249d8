"""Open streams for minutes: what a process becomes that serves them beside requests, while sessions end one by one.

Started by `python -m benchmarks.streams --soak MINUTES`.
"""

from __future__ import annotations

import asyncio
import math
import random
import statistics
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from benchmarks import fill
from benchmarks.databases import postgres
from benchmarks.peers import OURS_LIVE
from benchmarks.streams import POOL, WARM_UP, Client, connections, memory, opened, server
from benchmarks.tables import Result, Target
from benchmarks.workers import Worker

STREAMS = 1_000
REQUESTS_A_SECOND = 50
CONNECTIONS = (
    50  # kept ones, on which the requests come in: an answer may take a second before they become fewer
)
PATIENCE_SECONDS = 5.0  # a stream that has heard nothing until then was not told
SETTLING_SECONDS = 75  # of requests before anything is counted: the first touch, after a minute, loads much
GROWTH_MB = 10

TEXT = f"""One uvicorn process as above holds {STREAMS:,} open streams. Every second one of their sessions is ended by
another process, and a stream of a new session takes its place; {REQUESTS_A_SECOND} authenticated GET requests a second
come in beside that, on kept connections. An error is no answer, or any but 200 with the name of the user who asks;
*broken* are streams that closed although their session lives."""


@dataclass
class Requests:
    """GETs of sessions that nobody ends, at a steady pace; a late answer delays the next of its connection only."""

    port: int
    numbers: range
    took: list[float] = field(default_factory=list)  # milliseconds
    errors: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for start in range(CONNECTIONS):
                group.create_task(self._on_one_connection(start))

    async def _on_one_connection(self, start: int) -> None:
        pause = CONNECTIONS / REQUESTS_A_SECOND
        await asyncio.sleep(pause * start / CONNECTIONS)
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while True:
            began = time.perf_counter()
            try:
                await self._ask(reader, writer, random.choice(self.numbers))
                self.took.append((time.perf_counter() - began) * 1e3)
            except (OSError, EOFError, RuntimeError) as error:
                self.errors.append(repr(error))
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            await asyncio.sleep(max(0.0, began + pause - time.perf_counter()))

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        writer.write(
            f"GET /whoami HTTP/1.1\r\nHost: localhost:{self.port}\r\n"
            f"Cookie: sessionid={fill.key(number)}\r\n\r\n".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r")[0])
        body = await reader.readexactly(length)
        if not head.startswith(b"http/1.1 200") or body != f"stream{number - 1}".encode():
            raise RuntimeError(f"{head[:30]!r} {body[:100]!r}")

    def forget(self) -> None:
        self.took.clear()
        self.errors.clear()


@dataclass
class Endings:
    """One session a second is ended; who takes its place is opened."""

    port: int
    worker: Worker
    clients: dict[int, Client]  # by number of the session
    delays: list[float] = field(default_factory=list)  # milliseconds
    ended: int = 0
    missed: int = 0
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)  # the worker answers in order

    async def run(self, seconds: float) -> None:
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for second in range(round(seconds)):
                await asyncio.sleep(began + second - time.monotonic())
                self.ended += 1
                group.create_task(self._end_one(self.ended))

    async def _end_one(self, number: int) -> None:
        async with self.one_at_a_time:
            committed = await asyncio.to_thread(self.worker.ask, "end", number=number)
        try:
            arrived = await asyncio.wait_for(self.clients[number].ended_at, PATIENCE_SECONDS)
            self.delays.append(max(0.0, arrived - committed) * 1e3)
        except TimeoutError:
            self.missed += 1
        self.clients.pop(number).transport.close()
        [self.clients[number + STREAMS]] = await opened(self.port, 1, first=number + STREAMS)


@dataclass(frozen=True)
class Look:
    """At the server, from outside."""

    megabytes: float
    connections: int
    broken: int


async def run(minutes: float, database: dict[str, Any], worker: Worker, visitors: range) -> dict[str, Any]:
    with server(database) as (port, pid):
        requests = Requests(port, visitors)
        clients = dict(enumerate(await opened(port, STREAMS), start=1))
        endings = Endings(port, worker, clients)

        def look() -> Look:
            broken = sum(client.transport.is_closing() for client in clients.values())
            return Look(memory(pid) / 1e6, connections(database), broken)

        asking = asyncio.create_task(requests.run())
        await asyncio.sleep(SETTLING_SECONDS)
        requests.forget()
        looks = [look()]
        for _ in range(2):
            await endings.run(minutes * 30)
            looks.append(look())
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
        for client in clients.values():
            client.transport.close()
        return {"looks": looks, "requests": requests, "endings": endings}


def soak(minutes: float) -> Result:
    sessions = STREAMS + round(minutes * 60) + WARM_UP
    visitors = range(sessions + 1, sessions + 101)
    with (
        postgres("soak", pool=POOL) as database,
        Worker(OURS_LIVE, "benchmarks.streams", database) as worker,
    ):
        worker.ask("sessions", count=visitors[-1])
        for number in range(sessions - WARM_UP + 1, sessions + 1):
            worker.ask("end", number=number)
        found = asyncio.run(run(minutes, database, worker, visitors))
    return report(minutes, **found)


def percentiles(milliseconds: list[float]) -> list[float]:
    return statistics.quantiles(milliseconds, n=100) if len(milliseconds) > 1 else [math.inf] * 99


def report(minutes: float, looks: list[Look], requests: Requests, endings: Endings) -> Result:
    for error in requests.errors[:5]:
        print(error)
    told, answered = percentiles(endings.delays), percentiles(requests.took)
    sizes = ", ".join(f"{look.megabytes:.0f} MB" for look in looks)
    grew = looks[-1].megabytes - looks[0].megabytes
    broken = max(look.broken for look in looks)
    return Result(
        title=f"{STREAMS:,} open streams, {minutes:g} min",
        text=TEXT,
        head=["measure", "figure"],
        rows=[
            ["endings", f"{endings.ended:,}"],
            ["streams told, ms p50 / p99", f"{len(endings.delays):,}, {told[49]:.0f} / {told[98]:.0f}"],
            ["streams broken", f"{broken}"],
            [
                "requests answered, ms p50 / p99",
                f"{len(requests.took):,} of {minutes * 60 * REQUESTS_A_SECOND:,.0f}, "
                f"{answered[49]:.0f} / {answered[98]:.0f}",
            ],
            ["errors of requests", f"{len(requests.errors)}"],
            ["memory at the beginning, in the middle, at the end", sizes],
            ["connections to the database, likewise", ", ".join(f"{look.connections}" for look in looks)],
        ],
        targets=[
            Target("Streams that were not told", endings.missed, most=0),
            Target("Streams broken", broken, most=0),
            Target("Errors of requests", len(requests.errors), most=0),
            Target("From commit to arrival, p99", told[98], most=250, unit="ms"),
            Target("Memory that the process grew by", grew, most=GROWTH_MB, unit="MB"),
            Target("Database connections more", looks[-1].connections - looks[0].connections, most=0),
        ],
    )
