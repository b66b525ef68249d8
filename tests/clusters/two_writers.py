"""Two web processes that write at two nodes of a Galera cluster, by mistake: locks of one say nothing at the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.clusters.galera import Galera
from tests.clusters.load import DEVICES, EVERYWHERE, TIMEOUT, Answer, Load, send
from tests.clusters.people import Person, living, somebody
from tests.clusters.processes import Processes
from tests.clusters.report import Report
from tests.clusters.site import Web, migrate, use

ROUNDS = 120
TRIES = 10  # of an ending that is told to try again


def galera_two_writers(processes: Processes) -> Report:
    """In each round somebody signs out everywhere at one node, and is active at the other at that moment: with a page,
    which writes "last seen", or by signing out everywhere there, too. Whoever was told that it is done must find no
    session alive, at either node."""
    report = Report()
    cluster = Galera(processes)
    cluster.start()
    use(processes, DATABASE_URL=cluster.url(cluster.ports[0]))
    migrate()
    people, staying = somebody(ROUNDS), somebody(1)
    webs = [Web(processes, f"web{node}", DATABASE_URL=cluster.url(cluster.ports[node])) for node in (0, 1)]
    clients = [httpx.Client(base_url=web.url, timeout=TIMEOUT) for web in webs]
    load = Load()
    began = time.monotonic()

    def ask(node: int, method: str, url: str, key: str) -> Answer:
        answer, _response = send(clients[node], method, url, key)
        load.answers.append(answer)
        return answer

    with ThreadPoolExecutor(3) as pool:
        for number, person in enumerate(people):
            first = pool.submit(ask, 0, "POST", EVERYWHERE, person.here)
            beside = [
                pool.submit(ask, 1, "GET", DEVICES, person.elsewhere),
                *([pool.submit(ask, 1, "POST", EVERYWHERE, person.elsewhere)] if number % 2 else []),
            ]
            answer = first.result()
            for _ in range(TRIES):
                if answer.status == httpx.codes.FOUND:
                    load.acknowledged.append(person)
                    report.lost += lives(person, ask)
                    break
                answer = ask(0, "POST", EVERYWHERE, person.here)
            for other in beside:
                other.result()
    report.count(load, since=began)
    report.lost += living(load.acknowledged)
    conflicts = sum(cluster.conflicts(node) for node in (0, 1))
    report.notes.append(f"{conflicts} transactions refused by the cluster, and repeated")
    report.expect(conflicts, "no two transactions met")
    wordless = [answer for answer in load.errors() if not answer.words]
    report.expect(not report.lost, f"{report.lost} sessions live after their end was acknowledged")
    report.expect(not wordless, f"{len(wordless)} endings failed without a word")
    report.expect(len(load.acknowledged) == ROUNDS, "not everybody was signed out in the end")
    report.expect(living(staying) == 2, "a session of somebody else has ended")
    report.seconds = 0.0  # nothing was broken
    return report


def lives(person: Person, ask: Callable[[int, str, str, str], Answer]) -> int:
    """How many of the person's sessions are let in now, at either node."""
    keys = (person.here, person.elsewhere)
    return sum(ask(node, "GET", DEVICES, key).status == httpx.codes.OK for node in (1, 0) for key in keys)
