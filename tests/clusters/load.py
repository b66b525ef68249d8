"""People at the site: some sign out everywhere, others go on using it. What each was told, and when."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import httpx
from django.conf import settings

from tests.clusters.people import Person

EVERYWHERE = "/account/devices/sign-out-everywhere/"
DEVICES = "/account/devices/"
CSRF = "a" * 32
PAUSE = 0.1  # seconds between two requests of one thread, or before one is sent again
TIMEOUT = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` 0: none, the connection broke. `words`: it is a page that says what was done, or may have been, and
    when to try again."""

    at: float
    seconds: float
    status: int
    words: bool

    @property
    def is_error(self) -> bool:
        return self.status == 0 or self.status >= 500


@dataclass
class Load:
    """Everything that happened, from the threads' own lists."""

    acknowledged: list[Person] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    wrongly_out: int = 0

    def errors(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.is_error]


def send(client: httpx.Client, method: str, url: str, key: str) -> tuple[Answer, httpx.Response | None]:
    cookies = f"{settings.SESSION_COOKIE_NAME}={key}; {settings.CSRF_COOKIE_NAME}={CSRF}"
    began = time.monotonic()
    response = None
    try:
        response = client.request(method, url, headers={"Cookie": cookies, "X-CSRFToken": CSRF})
    except httpx.HTTPError:
        return Answer(began, time.monotonic() - began, 0, words=False), None
    words = "Retry-After" in response.headers
    return Answer(began, time.monotonic() - began, response.status_code, words), response


class Crowd:
    """Threads that ask one site until they are stopped. `leaving` are worked off one after another, each until they
    were told that they are signed out; `staying` take turns."""

    def __init__(
        self, url: str, *, leaving: Iterable[Person], staying: Iterable[Person], threads: int = 3
    ) -> None:
        self.url, self.load = url, Load()
        self.leaving, self.staying = deque(leaving), deque(staying)
        self._over = threading.Event()
        work: list[Callable[[httpx.Client], None]] = [self._leave] * threads + [self._stay] * 2
        self._threads = [threading.Thread(target=self._with_client, args=(one,)) for one in work]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self.load

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _with_client(self, work: Callable[[httpx.Client], None]) -> None:
        # Each request on a connection of its own: what is counted are the site's errors, not those of a kept one.
        limits = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=self.url, timeout=TIMEOUT, limits=limits) as client:
            while not self._over.wait(PAUSE):
                work(client)

    def _leave(self, client: httpx.Client) -> None:
        try:
            person = self.leaving.popleft()
        except IndexError:
            return
        answer, _response = send(client, "POST", EVERYWHERE, person.here)
        self.load.answers.append(answer)
        if answer.status == httpx.codes.FOUND:
            self.load.acknowledged.append(person)
        else:
            self.leaving.appendleft(person)

    def _stay(self, client: httpx.Client) -> None:
        person = self.staying[0]
        self.staying.rotate()
        answer, response = send(client, "GET", DEVICES, person.here)
        self.load.answers.append(answer)
        if answer.status not in (0, httpx.codes.OK) and not answer.is_error:
            self.load.wrongly_out += 1
        elif response is not None and f"{settings.SESSION_COOKIE_NAME}=" in response.headers.get(
            "Set-Cookie", ""
        ):
            self.load.wrongly_out += 1  # the cookie of somebody who stays is taken away, or replaced
