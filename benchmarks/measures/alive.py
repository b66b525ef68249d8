"""What an open page asks about itself now and then (`alive`), against an authenticated GET of the same site (an
async view with `await request.auser()`) and one of Django db; in process through the ASGI application, one after
the other, without a server. `with_stream()` answers it beside Django's middlewares. Wall time is the median of the
requests, CPU time that of the Django process alone, both in microseconds; × is against Django db.
"""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import DJANGO_DB, OURS, OURS_PAGES
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import Sample, ratio, wall_and_cpu, workers

WHOAMI, ALIVE = "/whoami-async", "/account/devices/alive"
GET, ASKED = f"{DJANGO_DB.label}, authenticated GET", f"{OURS.label}, alive"
TURNS = {
    GET: (DJANGO_DB.name, WHOAMI),
    f"{OURS.label}, authenticated GET": (OURS_PAGES.name, WHOAMI),
    ASKED: (OURS_PAGES.name, ALIVE),
}


def work() -> dict[str, Any]:
    import asyncio
    import statistics
    import time
    from urllib.parse import urlencode

    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.core.asgi import get_asgi_application

    from benchmarks.requests import ADDRESS, USER_AGENT, cookie_header, sign_in

    application: Any = get_asgi_application()
    cookies = cookie_header(sign_in())
    bodies, queries = {WHOAMI: b"bench"}, {WHOAMI: ""}
    if settings.PEER.name == OURS_PAGES.name:
        from sessions_ui.stream import with_stream
        from sessions_ui.web.presence.alive import mark_of

        application = with_stream(application)
        user = get_user_model()._default_manager.get()
        bodies[ALIVE] = b'{"state": "alive"}'
        queries[ALIVE] = urlencode({"page": mark_of(user.pk)})
    headers = {"host": "testserver", "user-agent": USER_AGENT, "cookie": cookies}

    async def once(path: str) -> None:
        sent: list[Any] = []
        asked: list[Any] = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Any:
            return asked.pop() if asked else await asyncio.Future()  # who asked stays until the answer

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": queries[path].encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": (ADDRESS, 50000),
            "server": ("testserver", 80),
        }
        await application(scope, receive, send)
        body = b"".join(message.get("body", b"") for message in sent)
        assert sent[0]["status"] == 200 and body == bodies[path], (path, sent)

    async def many(path: str, count: int) -> list[float]:
        took = []
        for _ in range(count):
            start = time.perf_counter()
            await once(path)
            took.append(time.perf_counter() - start)
        return took

    def sample(path: str, count: int) -> dict[str, float]:
        cpu = time.process_time()
        took = loop.run_until_complete(many(path, count))
        cpu = time.process_time() - cpu
        return {"wall": statistics.median(took) * 1e6, "cpu": cpu / count * 1e6}

    loop = asyncio.new_event_loop()
    for path in bodies:
        sample(path, 200)
    return {"sample": sample}


def measure(scale: Scale) -> Result:
    samples: dict[str, list[Sample]] = {label: [] for label in TURNS}
    with workers([DJANGO_DB, OURS_PAGES], sys.modules[__name__], postgres) as those:
        for _ in range(scale.rounds):
            for label, (name, path) in TURNS.items():
                samples[label].append(those[name].ask("sample", path=path, count=scale.requests // 2))
    base, alive = (samples[label] for label in (GET, ASKED))
    return Result(
        title="What an open page asks",
        text=(__doc__ or "").strip(),
        head=["request", "wall µs", "CPU µs", "wall ×", "CPU ×"],
        rows=[[label, *wall_and_cpu(own, base)] for label, own in samples.items()],
        targets=[
            Target(
                "`alive` under ASGI against an authenticated GET of Django db, CPU",
                ratio(alive, base, "cpu"),
                most=0.3,
            )
        ],
    )
