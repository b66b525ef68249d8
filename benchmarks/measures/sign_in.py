"""A GET that signs its person in (Django's `login()`), through the whole handler, without a password: hashing one takes
longer than all of this, and is the same for everybody. From a *new browser*, without a cookie: ours writes a device,
judges the sign-in, and flags it, as it does from the second browser on. From a *known browser*, which has kept its
device cookie and lost that of its session: ours finds its device and ends what was still signed in there.
*force_login* is what the tests of a host project call for nearly every test, without a request. Each round is another
user's. × is wall time against Django db.
"""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import ALLAUTH, DJANGO_DB, OURS, QSESSIONS_DB, USER_SESSIONS
from benchmarks.scale import Scale
from benchmarks.tables import Result, Target
from benchmarks.workers import median, paired, ratio, workers

PEERS = [DJANGO_DB, USER_SESSIONS, QSESSIONS_DB, ALLAUTH, OURS]
KINDS = ["new browser", "known browser", "force_login"]
SIGN_INS = 10  # of one user, a round: at most 1 + so many lie before each


def work() -> dict[str, Any]:
    import statistics
    import time
    from itertools import count
    from typing import cast

    from celery import current_app
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client

    from benchmarks.requests import Requests, cookie_header, executed, sign_in

    current_app.conf.broker_url = "memory://"  # a mail asks a worker to hurry
    users = cast(Any, get_user_model())._default_manager
    numbers = count()

    def signing_in(kind: str) -> Any:
        """A function that signs in a user who has signed in once before."""
        user = users.create_user(username=f"person-{next(numbers)}", email="person@example.com")
        if kind == "force_login":
            Client().force_login(user)
            return lambda: Client().force_login(user)
        cookies = sign_in(user.username)
        cookies.pop(settings.SESSION_COOKIE_NAME)
        header = cookie_header(cookies) if kind == "known browser" else ""
        return Requests([header], path=f"/sign-in?user={user.username}").once

    def sql(kind: str) -> int:
        once = signing_in(kind)
        with executed() as statements:
            once()
        return len(statements)

    def sample(kind: str) -> dict[str, float]:
        once = signing_in(kind)
        took = []
        cpu = time.process_time()
        for _ in range(SIGN_INS):
            start = time.perf_counter()
            once()
            took.append(time.perf_counter() - start)
        cpu = time.process_time() - cpu
        return {"wall": statistics.median(took) * 1e3, "cpu": cpu / SIGN_INS * 1e3}

    for kind in KINDS:
        sample(kind)
    return {"sql": sql, "sample": sample}


def measure(scale: Scale) -> Result:
    with workers(PEERS, sys.modules[__name__], postgres) as those:
        sql = {kind: {name: those[name].ask("sql", kind=kind) for name in those} for kind in KINDS}
        samples = {kind: paired(those, scale.rounds, "sample", kind=kind) for kind in KINDS}
    rows = []
    for peer in PEERS:
        row = [peer.label]
        for kind in KINDS:
            own, base = samples[kind][peer.name], samples[kind][DJANGO_DB.name]
            row += [
                f"{sql[kind][peer.name]}",
                f"{median(own, 'wall'):.1f} / {median(own, 'cpu'):.1f}",
                f"{ratio(own, base, 'wall'):.2f}",
            ]
        rows.append(row)
    forced = samples["force_login"]
    return Result(
        title="Signing in",
        text=(__doc__ or "").strip(),
        head=["engine", *(title for kind in KINDS for title in (f"{kind}: SQL", "ms wall / CPU", "×"))],
        rows=rows,
        targets=[
            Target(
                "`force_login` against Django db, wall",
                ratio(forced[OURS.name], forced[DJANGO_DB.name], "wall"),
                most=2.0,
            ),
            Target("the same, statements", sql["force_login"][OURS.name], most=12),
        ],
    )
