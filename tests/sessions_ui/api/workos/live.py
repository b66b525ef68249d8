"""A site in a process of its own for the published clients, people who are signed in there, and a line that breaks.

`python -m tests.sessions_ui.api.workos.live` makes the people, with the site's settings.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx

from tests.servers import free_port, wait_for
from tests.whole_site import UVICORN, Site

SETTINGS = "tests.sessions_ui.api.workos.site_settings"
SESSIONS = 7  # of each person
PEOPLE = 24


@dataclass(frozen=True, slots=True)
class Person:
    """`sessions`: public ids, the oldest first; `keys`: what the browsers of these have for a cookie."""

    id: str
    email: str
    sessions: list[str]
    keys: list[str]


@dataclass(frozen=True, slots=True)
class Live:
    """The site, the tokens of programs (one may do everything, one's account nothing), and people nobody else uses."""

    site: Site
    token: str
    powerless: str
    people: Iterator[Person]

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.site.port}"

    @property
    def base_url(self) -> str:
        return f"{self.root}/api/workos"

    def seal(self) -> None:
        self.site.manage("seal_events", "--verbosity=0")

    @contextmanager
    def limited(self, most: int) -> Iterator[str]:
        """Another web process that lets a token ask so often within two seconds; yields its base URL."""
        port = free_port()
        self.site.environment["WORKOS_LIMIT"] = str(most)
        try:
            self.site.start("limited", "uvicorn", [*UVICORN, "--host", "127.0.0.1", "--port", str(port)])
        finally:
            del self.site.environment["WORKOS_LIMIT"]
        process = self.site.processes["limited"]
        try:
            wait_for(port, "the site")
            yield f"http://127.0.0.1:{port}/api/workos"
        finally:
            process.kill()
            process.wait()


@contextmanager
def live_site(folder: Path) -> Iterator[Live]:
    site = Site(
        DJANGO_SETTINGS_MODULE=SETTINGS,
        DATABASE_URL=f"sqlite:///{folder / 'site.sqlite3'}",
        REDIS_URL="",
        CELERY_BROKER_URL="filesystem://localhost",
    )
    try:
        made = json.loads(site._said("-m", __name__))
        site.start_web()
        people = iter([Person(**each) for each in made["people"]])
        yield Live(site, made["token"], made["powerless"], people)
    finally:
        site.close()


class Line(BaseHTTPRequestHandler):
    """Hands each request on, unless something goes wrong first: "lost" drops the answer, a number is one in its
    place."""

    target: ClassVar[str]
    faults: ClassVar[list[str | int]]
    asked: ClassVar[list[str]]
    protocol_version = "HTTP/1.0"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append(self.headers.get("Idempotency-Key", ""))
        fault = self.faults.pop(0) if self.faults else ""
        if isinstance(fault, int):
            self.send_response(fault)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        kept = {name: value for name, value in self.headers.items() if name not in ("Host", "Connection")}
        answer = httpx.request(self.command, self.target + self.path, content=body, headers=kept, timeout=60)
        if fault == "lost":
            self.close_connection = True
            return
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_DELETE = do_POST  # noqa: N815  as the standard library spells them

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def line_with(target: str, faults: list[str | int]) -> Iterator[tuple[str, list[str]]]:
    """Yields the address of a line to `target`, and the idempotency keys of what came that way."""
    handler = type("FaultyLine", (Line,), {"target": target, "faults": faults, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler.asked  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()


def make_people() -> dict[str, Any]:
    """In a process of its own: an administrator with a token, somebody whose token may nothing, and people."""
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.test import Client, override_settings
    from django.utils import timezone

    from sessions_ui import create_token
    from sessions_ui import models as rows
    from sessions_ui.conf.tokens import OWN_SCOPES

    model: Any = get_user_model()
    ends = timezone.now() + timedelta(days=1)

    def token_of(user: Any) -> str:
        return create_token(user=user, name="Program", scopes=[*OWN_SCOPES], expires_at=ends).value

    people = []
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        for i in range(PEOPLE):
            user = model.objects.create_user(f"person{i}@people.example", "not a secret")
            browsers = [Client() for _ in range(SESSIONS)]
            for browser in browsers:
                browser.force_login(user)
            sessions = rows.Session.objects.of(user).order_by("pk").values_list("public_id", flat=True)
            keys = [browser.session.session_key for browser in browsers]
            people.append({"id": str(user.pk), "email": user.email, "sessions": list(sessions), "keys": keys})
    boss = model.objects.create_superuser("admin@staff.example", "not a secret")
    nobody = model.objects.create_superuser("nobody@staff.example", "not a secret")
    powerless = token_of(nobody)
    model.objects.filter(pk=nobody.pk).update(is_superuser=False)
    return {"token": token_of(boss), "powerless": powerless, "people": people}


if __name__ == "__main__":
    print(json.dumps(make_people()), file=sys.stdout)
