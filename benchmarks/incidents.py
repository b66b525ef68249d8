"""What an incident costs, on PostgreSQL: `.venv-bench/bin/python -m benchmarks.incidents [--sessions N]`.

An authenticated GET with the row of incidents joined to its look-up, and without, in paired rounds: before any
incident, right after a million rows were ended (the database cleans up behind it then, beside the requests), and after
VACUUM, which is what counts. In between, everyone is signed out: how long the order takes, and the next request until
it is refused; how many rows a second the sweep of one worker ends, with their events and mails; and how long other
people's requests take meanwhile. Those have signed in after the order and come one after another, as fast as they are
answered, from a process of their own.
"""

from __future__ import annotations

import argparse
import threading
import time
from typing import Any

from benchmarks.databases import postgres
from benchmarks.peers import OURS
from benchmarks.tables import Target, summary, table
from benchmarks.workers import Worker, median, ratio

SESSIONS = 1_000_000
PER_USER = 4  # sessions of each
LOOK_UP = ("default", "auth.User")  # the key of the one that is compiled here
ROUNDS, REQUESTS = 120, 50  # short ones: what else the machine does hits both of a pair
LATENCIES = 3.0  # seconds of requests before the order


def work() -> dict[str, Any]:
    from celery import current_app

    from benchmarks import fill
    from benchmarks.requests import Requests, cookie_header, sign_in
    from sessions_ui import session_lookup

    current_app.conf.broker_url = "memory://"  # an order asks a worker to hurry
    sweep: list[threading.Thread] = []
    outcome: dict[str, float] = {}
    requests: list[Requests] = []
    look_ups: dict[bool, session_lookup.LookUp] = {}

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

    def latencies(seconds: float) -> list[float]:
        found, end = [], time.perf_counter() + seconds
        while (began := time.perf_counter()) < end:
            requests[0].once()
            found.append((time.perf_counter() - began) * 1e6)
        return found

    def compile_both() -> None:
        """The look-up as it is, and as it would be without incidents; both for this process."""
        for with_row in (True, False):
            requests[0].once()
            look_ups[with_row] = session_lookup._look_ups[LOOK_UP]
            session_lookup.HOT_FIELDS = tuple(
                name for name in session_lookup.HOT_FIELDS if name not in ("access_flags", "generation")
            )
            session_lookup.with_one_row = lambda rows, *_row: rows  # type: ignore[assignment]
            session_lookup.limits_at = lambda positions: lambda row: (None,) * 4  # type: ignore[assignment]
            session_lookup._look_ups.clear()
        for with_row in (True, False):
            session_lookup._look_ups[LOOK_UP] = look_ups[with_row]
            requests[0].warm()

    def compare(rounds: int, count: int) -> list[tuple[dict[str, float], dict[str, float]]]:
        """Pairs of samples, with the row and without. Who begins changes from round to round."""
        pairs = []
        for number in range(rounds):
            taken = {}
            for with_row in (True, False) if number % 2 else (False, True):
                session_lookup._look_ups[LOOK_UP] = look_ups[with_row]
                taken[with_row] = requests[0].sample(count)
            pairs.append((taken[True], taken[False]))
        return pairs

    def clean_up() -> None:
        fill.analyze()

    offers = [
        prepare,
        clean_up,
        order,
        begin_sweep,
        end_sweep,
        is_sweeping,
        enter,
        latencies,
        compile_both,
        compare,
    ]
    return {offer.__name__: offer for offer in offers}


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


def requests_with_and_without(database: dict[str, Any]) -> tuple[float, float, float, float]:
    """Medians of an authenticated request in microseconds, and of the ratios within a round: of wall and CPU time.

    Both in the same process: two of them that run the same code differ by up to a fifth, for as long as they live.
    """
    with Worker(OURS, "benchmarks.incidents", database, fresh=False) as worker:
        worker.ask("enter")
        worker.ask("compile_both")
        pairs = worker.ask("compare", rounds=ROUNDS, count=REQUESTS)
    with_row, without = ([pair[which] for pair in pairs] for which in (0, 1))
    return (
        median(with_row, "wall"),
        median(without, "wall"),
        ratio(with_row, without, "wall"),
        ratio(with_row, without, "cpu"),
    )


def measure(sessions: int) -> str:
    module = "benchmarks.incidents"
    with postgres("incidents") as database, Worker(OURS, module, database) as site:
        site.ask("prepare", sessions=sessions)
        before = requests_with_and_without(database)
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
        swept_now = requests_with_and_without(database)
        site.ask("clean_up")
        cleaned = requests_with_and_without(database)
    pace = swept["ended"] / swept["seconds"]
    p95 = percentile(quiet, 0.95), percentile(busy, 0.95)
    rows = [
        *(
            [
                f"request {when}: with the row, without, µs; ×, CPU ×",
                " ".join(f"{value:.3g}" for value in found),
            ]
            for when, found in (
                ("before any incident", before),
                ("right after the sweep", swept_now),
                ("after VACUUM", cleaned),
            )
        ),
        ["preview of everyone, s", f"{ordered['preview']:.2f}"],
        ["order, until it is committed, s", f"{ordered['order']:.3f}"],
        ["order, until the next request is refused, s", f"{ordered['refused']:.3f}"],
        ["sessions that the sweep has ended", f"{swept['ended']:,.0f}"],
        ["seconds of the sweep, one worker", f"{swept['seconds']:.1f}"],
        ["requests of others before, p95 in µs", f"{p95[0]:.0f}"],
        ["the same during the sweep", f"{p95[1]:.0f}"],
    ]
    targets = [
        Target("Authenticated GET with the row of incidents against without", cleaned[2], most=1.05),
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
