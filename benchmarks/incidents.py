"""What an incident costs, on PostgreSQL: `.venv-bench/bin/python -m benchmarks.incidents [--sessions N]`.

An authenticated GET with the row of incidents joined to its look-up, and without, in paired rounds. Before that,
everyone is signed out: how long the order takes, and the next request until it is refused; how many rows a second the
sweep of one worker ends, with their events and mails; and how long other people's requests take meanwhile. Those have
signed in after the order and come one after another, as fast as they are answered, from a process of their own.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import OURS
from benchmarks.tables import Target, summary, table
from benchmarks.workers import Worker

SESSIONS = 1_000_000
PER_USER = 4  # sessions of each
ROUNDS, REQUESTS = 30, 200
LATENCIES = 3.0  # seconds of requests before the order


def work() -> dict[str, Any]:
    from celery import current_app

    from benchmarks import fill
    from benchmarks.requests import Requests, cookie_header, sign_in

    current_app.conf.broker_url = "memory://"  # an order asks a worker to hurry
    sweep: list[threading.Thread] = []
    outcome: dict[str, float] = {}
    requests: list[Requests] = []

    def prepare(sessions: int) -> None:
        from django.conf import settings
        from django.contrib.auth import get_user_model

        from benchmarks.urls import USERNAME

        cookies = sign_in()
        user_model: Any = get_user_model()
        users = max(sessions // PER_USER, 1)
        user = user_model._default_manager.get(username=USERNAME)
        fill.copies(
            user_model, user.pk, users, {"username": "'user' || i", "email": "'user' || i || '@example.com'"}
        )
        last = user_model._default_manager.order_by("pk").last()
        key = cookies[settings.SESSION_COOKIE_NAME]
        fill.sessions(key, sessions, {"user_id": f"{last.pk} - mod(i, {users})"})
        fill.analyze()

    def order() -> dict[str, float]:
        """Seconds until the order is committed, and until the next request is refused."""
        from sessions_ui.actions.incidents.criteria import Criteria
        from sessions_ui.actions.incidents.order import order_incident
        from sessions_ui.actions.incidents.preview import preview_incident
        from sessions_ui.store import SessionStore

        began = time.perf_counter()
        preview = preview_incident(criteria=Criteria(everyone=True))
        looked = time.perf_counter()
        order_incident(criteria=Criteria(everyone=True), note="benchmark", counts=preview.counts)
        ordered = time.perf_counter()
        assert not SessionStore(fill.key(1)).get_user().is_authenticated
        refused = time.perf_counter()
        return {"preview": looked - began, "order": ordered - looked, "refused": refused - looked}

    def begin_sweep() -> None:
        def run() -> None:
            from django.db import connection

            from sessions_ui.actions.endings.bulk.carry_out import end_batches

            began = time.perf_counter()
            ended = 0
            while now := end_batches(seconds=60):
                ended += now
            outcome.update(ended=ended, seconds=time.perf_counter() - began)
            connection.close()

        sweep.append(threading.Thread(target=run))
        sweep[0].start()

    def end_sweep() -> dict[str, float]:
        sweep[0].join()
        return outcome

    def is_sweeping() -> bool:
        return sweep[0].is_alive()

    def enter() -> None:
        """As somebody who signs in now."""
        requests[:] = [Requests([cookie_header(sign_in())])]
        requests[0].warm()

    def sample(count: int) -> dict[str, float]:
        return requests[0].sample(count)

    def latencies(seconds: float) -> list[float]:
        found, end = [], time.perf_counter() + seconds
        while (began := time.perf_counter()) < end:
            requests[0].once()
            found.append((time.perf_counter() - began) * 1e6)
        return found

    def join_nothing() -> None:
        """The look-up as it would be without incidents."""
        from sessions_ui import session_lookup

        with_row, fields = session_lookup.with_one_row, session_lookup.HOT_FIELDS
        session_lookup.HOT_FIELDS = tuple(
            name for name in fields if name not in ("access_flags", "generation")
        )
        session_lookup.with_one_row = lambda rows, *_row: rows  # type: ignore[assignment]
        session_lookup.limits_at = lambda positions: lambda row: (None,) * 4  # type: ignore[assignment]
        session_lookup._look_ups.clear()
        assert with_row is not session_lookup.with_one_row

    offers = [prepare, order, begin_sweep, end_sweep, is_sweeping, enter, sample, latencies, join_nothing]
    return {offer.__name__: offer for offer in offers}


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


def requests_with_and_without(database: dict[str, Any]) -> tuple[float, float, float]:
    """Medians of an authenticated request in microseconds, and of the ratios within a round."""
    module = "benchmarks.incidents"
    with (
        Worker(OURS, module, database, fresh=False) as joins,
        Worker(OURS, module, database, fresh=False) as not_,
    ):
        not_.ask("join_nothing")
        for worker in (joins, not_):
            worker.ask("enter")
        pairs = []
        for number in range(ROUNDS):
            order = (joins, not_) if number % 2 else (not_, joins)
            taken = {worker: worker.ask("sample", count=REQUESTS)["wall"] for worker in order}
            pairs.append((taken[joins], taken[not_]))
    medians = [statistics.median(values) for values in zip(*pairs, strict=True)]
    return medians[0], medians[1], statistics.median(one / other for one, other in pairs)


def measure(sessions: int) -> str:
    module = "benchmarks.incidents"
    with postgres("incidents") as database, Worker(OURS, module, database) as site:
        site.ask("prepare", sessions=sessions)
        with Worker(OURS, module, database, fresh=False) as people:
            people.ask("enter")
            ordered = site.ask("order")
            people.ask("enter")
            quiet = people.ask("latencies", seconds=LATENCIES)
            site.ask("begin_sweep")
            busy: list[float] = []
            while not busy or site.ask("is_sweeping"):
                busy += people.ask("latencies", seconds=0.5)
            swept = site.ask("end_sweep")
        with_row, without, ratio = requests_with_and_without(database)
    pace = swept["ended"] / swept["seconds"]
    p95 = percentile(quiet, 0.95), percentile(busy, 0.95)
    rows = [
        ["authenticated request with the row, µs", f"{with_row:.0f}"],
        ["the same without, µs", f"{without:.0f}"],
        ["preview of everyone, s", f"{ordered['preview']:.2f}"],
        ["order, until it is committed, s", f"{ordered['order']:.3f}"],
        ["order, until the next request is refused, s", f"{ordered['refused']:.3f}"],
        ["sessions that the sweep has ended", f"{swept['ended']:,.0f}"],
        ["seconds of the sweep, one worker", f"{swept['seconds']:.1f}"],
        ["requests of others before, p95 in µs", f"{p95[0]:.0f}"],
        ["the same during the sweep", f"{p95[1]:.0f}"],
    ]
    targets = [
        Target("Authenticated GET with the row of incidents against without", ratio, most=1.05),
        Target("Everyone is refused after the confirmation", ordered["refused"], most=1, unit="s"),
        Target("Sweep", pace, least=10_000, unit="sessions/s"),
        Target("Others' requests meanwhile, p95 against before", p95[1] / p95[0], most=2),
    ]
    return (
        f"### An incident about everyone, {sessions:,} sessions\n\n{(__doc__ or '').strip()}\n\n"
        f"{table(['what', 'figure'], rows)}\n\n{summary(targets)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.incidents", description=__doc__)
    parser.add_argument("--sessions", type=int, default=SESSIONS, metavar="N", help="default: %(default)s")
    print(measure(parser.parse_args().sessions))


if __name__ == "__main__":
    main()
