"""Beyond as many requests as a process can serve it says so at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from config.limit import limited

HEALTHZ = "/healthz"


class Slow:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.go_on, self.both = asyncio.Event(), asyncio.Event()
        self.asked = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        if self.asked == 2:
            self.both.set()
        assert self.go_on.is_set() or self.asked <= 2 or scope["path"] == HEALTHZ, "one more than that"
        await self.go_on.wait()
        if scope["path"] == "/fails":
            raise ValueError
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(application: Any, path: str = "/", **headers: str) -> tuple[int, dict[str, str], str]:
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "query_string": b"",
    }
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await application(scope, None, send)
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, sent[1]["body"].decode()


@pytest.fixture
async def slow() -> Slow:
    return Slow()


@pytest.fixture
def application(slow: Slow) -> Any:
    return limited(slow, most=2, always=frozenset({HEALTHZ}))


async def full(application: Any, slow: Slow, *paths: str) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.create_task(ask(application, path)) for path in paths or ("/", "/")]
    await slow.both.wait()
    return tasks


async def test_one_request_over_the_limit_is_refused_with_words_and_a_time(
    application: Any, slow: Slow
) -> None:
    tasks = await full(application, slow)
    status, headers, text = await ask(application, accept="text/html")
    assert status == 503
    assert int(headers["retry-after"]) > 0
    assert "set-cookie" not in headers
    assert "nothing was changed" in text
    assert slow.asked == 2, "the application hears nothing of it"
    slow.go_on.set()
    assert [status for status, _, _ in await asyncio.gather(*tasks)] == [200, 200]


async def test_the_words_are_in_the_language_of_the_browser(application: Any, slow: Slow) -> None:
    tasks = await full(application, slow)
    _, _, text = await ask(application, **{"accept": "text/html", "accept-language": "de"})
    assert "nichts wurde geändert" in text
    slow.go_on.set()
    await asyncio.gather(*tasks)


async def test_whoever_comes_when_one_is_done_is_served(application: Any, slow: Slow) -> None:
    slow.go_on.set()
    for _ in range(5):
        assert (await ask(application))[0] == 200


async def test_a_request_that_failed_makes_room_as_well(application: Any, slow: Slow) -> None:
    tasks = await full(application, slow, "/fails", "/fails")
    slow.go_on.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (await ask(application))[0] == 200


async def test_health_is_told_whatever_else_is_going_on(application: Any, slow: Slow) -> None:
    tasks = await full(application, slow)
    asked = asyncio.create_task(ask(application, HEALTHZ))
    slow.go_on.set()
    assert (await asked)[0] == 200
    await asyncio.gather(*tasks)
