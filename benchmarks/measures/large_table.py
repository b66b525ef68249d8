"""The same authenticated GET with a large table (sessions of 100,000 users) against one of 1,000 sessions, in paired
rounds. The requests take turns among 1,000 sessions that lie all over the table, so that no page of it is hotter than
the others.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import DJANGO_DB, OURS
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import Worker, median, paired, ratio

SMALL = 1_000
USERS = 100_000
ASKED = 1_000
MODULE = sys.modules[__name__]


def work() -> dict[str, Any]:
    from django.conf import settings
    from django.contrib.auth import get_user_model

    from benchmarks import fill
    from benchmarks.requests import Requests, cookie_header, sign_in
    from benchmarks.urls import USERNAME

    cookies = sign_in()
    name = settings.SESSION_COOKIE_NAME
    requests: list[Requests] = []

    def prepare(rows: int) -> int:
        changes = {}
        if settings.PEER.name == "sessions_ui":
            # The session auth hash depends on the stored password alone, so it is theirs too.
            user_model: Any = get_user_model()
            user = user_model._default_manager.get(username=USERNAME)
            fill.copies(user_model, user.pk, USERS, {"username": "'user' || i"})
            last = user_model._default_manager.order_by("pk").last()
            changes["user_id"] = f"{last.pk} - mod(i, {USERS})"
        fill.sessions(cookies[name], rows, changes)
        fill.analyze()
        numbers = range(1, rows + 1, rows // ASKED)
        headers = [cookie_header({**cookies, name: fill.key(number)}) for number in numbers]
        requests.append(Requests(headers))
        requests[0].warm(2 * len(headers))
        return len(headers)

    def sample(count: int) -> dict[str, float]:
        return requests[0].sample(count)

    return {"prepare": prepare, "sample": sample}


def measure(scale: Scale) -> Result:
    sizes = {"small": SMALL, "large": scale.rows}
    peers = [DJANGO_DB, OURS]
    with ExitStack() as stack:
        those = {}
        for peer in peers:
            for size in sizes:
                database = stack.enter_context(postgres(f"{peer.name}_{size}"))
                those[f"{peer.name} {size}"] = stack.enter_context(Worker(peer, MODULE, database))
        for name, worker in those.items():
            worker.ask("prepare", rows=sizes[name.split()[1]])
        samples = paired(those, scale.rounds, "sample", count=scale.requests)
    large = {peer.name: samples[f"{peer.name} large"] for peer in peers}
    small = {peer.name: samples[f"{peer.name} small"] for peer in peers}
    return Result(
        title=f"A table of {scale.rows:,} sessions",
        text=(__doc__ or "").strip(),
        head=["engine", f"µs, {SMALL:,} sessions", f"µs, {scale.rows:,} sessions", "wall ×", "CPU ×"],
        rows=[
            [
                peer.label,
                f"{median(small[peer.name], 'wall'):.0f}",
                f"{median(large[peer.name], 'wall'):.0f}",
                f"{ratio(large[peer.name], small[peer.name], 'wall'):.2f}",
                f"{ratio(large[peer.name], small[peer.name], 'cpu'):.2f}",
            ]
            for peer in peers
        ],
        targets=[
            Target(
                f"{scale.rows:,} sessions in the table against 1,000, wall",
                ratio(large[OURS.name], small[OURS.name], "wall"),
                most=1.1,
            )
        ],
    )
