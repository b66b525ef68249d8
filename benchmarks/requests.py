"""Inside a worker: requests through Django's WSGI handler, without a socket in between."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from itertools import cycle
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import Client, RequestFactory

from benchmarks.urls import NOBODY, USERNAME

USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Safari/537.36"
)
ADDRESS = "81.2.69.142"


def sign_in(username: str = USERNAME) -> dict[str, str]:
    """The cookies of a browser that signed in: the session's, and with ours the device's."""
    if not settings.PEER.has_sessions:
        return {}
    client = Client(headers={"user-agent": USER_AGENT})
    response = client.get("/sign-in", {"user": username}, REMOTE_ADDR=ADDRESS)
    assert response.content == username.encode(), response.content
    return {name: morsel.value for name, morsel in client.cookies.items()}


def signed_in_client() -> Client:
    client = Client(headers={"user-agent": USER_AGENT}, REMOTE_ADDR=ADDRESS)
    client.cookies.load(sign_in())
    return client


def cookie_header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


class Requests:
    """GETs of one page; each takes the next of the Cookie headers. `headers` go with all of them."""

    def __init__(
        self,
        cookies: Sequence[str],
        *,
        signed_in: bool = True,
        path: str = "/whoami",
        headers: dict[str, str] | None = None,
    ) -> None:
        self._handler = WSGIHandler()
        self._status = ""
        factory = RequestFactory(headers={"user-agent": USER_AGENT, **(headers or {})})
        self._environs = cycle(
            [factory.get(path, REMOTE_ADDR=ADDRESS, HTTP_COOKIE=header).environ for header in cookies]
        )
        for _ in cookies:
            body = self.once()
            assert self._status == "200 OK" and (body != NOBODY) is signed_in, (self._status, body)

    def once(self) -> bytes:
        response = self._handler(dict(next(self._environs)), self._start)
        body = b"".join(response)
        response.close()
        return body

    def _start(self, status: str, headers: list[tuple[str, str]], error: Any = None, /) -> Any:
        self._status = status

    def sql(self) -> list[str]:
        """The statements of one request."""
        with executed() as statements:
            self.once()
        return [sql for sql, _ in statements]

    def warm(self, count: int = 300) -> None:
        for _ in range(count):
            self.once()

    def sample(self, count: int) -> dict[str, float]:
        """Microseconds: the median of the wall time, the mean of the CPU time of this process."""
        took = []
        cpu = time.process_time()
        for _ in range(count):
            start = time.perf_counter()
            self.once()
            took.append(time.perf_counter() - start)
        cpu = time.process_time() - cpu
        return {"wall": statistics.median(took) * 1e6, "cpu": cpu / count * 1e6}


@contextmanager
def executed() -> Any:
    """Every statement and how many seconds it took."""
    statements: list[tuple[str, float]] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            statements.append((sql, time.perf_counter() - start))

    with connection.execute_wrapper(note):
        yield statements
