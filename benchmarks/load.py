"""A load generator: so many connections, each asks again as soon as it was answered (HTTP/1.1, keep-alive).

Bare asyncio, and as little Python as possible for each request: it shares the machine with the server it measures.
"""

from __future__ import annotations

import asyncio
import statistics
import time


class Connection(asyncio.Protocol):
    def __init__(self, request: bytes, expect: bytes, until: float, latencies: list[float]) -> None:
        self._request, self._expect, self._until, self._latencies = request, expect, until, latencies
        self._received = b""
        self._sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._received = b""
        self._sent_at = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._received.endswith(b"\r\n\r\n" + self._expect):
            if not self._received.startswith(b"HTTP/1.1 200"):
                self._finish(RuntimeError(f"unexpected answer: {self._received[:300]!r}"))
            return
        now = time.perf_counter()
        self._latencies.append(now - self._sent_at)
        if now < self._until:
            self._send()
        else:
            self._finish()

    def _finish(self, error: Exception | None = None) -> None:
        if not self.done.done():
            self.done.set_exception(error) if error else self.done.set_result(None)
        self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server hung up"))


async def _load(port: int, request: bytes, expect: bytes, connections: int, seconds: float) -> list[float]:
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    until = time.perf_counter() + seconds
    made = await asyncio.gather(
        *(
            loop.create_connection(lambda: Connection(request, expect, until, latencies), "127.0.0.1", port)
            for _ in range(connections)
        )
    )
    await asyncio.gather(*(protocol.done for _, protocol in made))
    return latencies


def load(
    port: int, path: str, *, cookies: str, expect: bytes, connections: int, seconds: float
) -> dict[str, float]:
    """Requests per second, and the median and 95th percentile of their milliseconds."""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookies}\r\n\r\n".encode()
    start = time.perf_counter()
    latencies = asyncio.run(_load(port, request, expect, connections, seconds))
    took = time.perf_counter() - start
    percentiles = statistics.quantiles(latencies, n=20)
    return {"rate": len(latencies) / took, "p50": percentiles[9] * 1e3, "p95": percentiles[18] * 1e3}
