"""What happens when: `python -m benchmarks.outages [--write] [FAULT …]`, the whole site while something of it is away.

uvicorn, a worker and beat run as docs/production.md has it, on a PostgreSQL and two Redis of their own in a folder of
/tmp: one the cache, one the broker. Eleven requests a second come in, whether or not those before were answered: the
devices page, "sign out the others", sign-ins, the sign-in page and `/healthz`. Each fault begins after four seconds.
"""

from __future__ import annotations

import argparse
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.__main__ import machine
from benchmarks.tables import table
from tests.servers import Postgres, Redis
from tests.whole_site import BEAT, PASSWORD, WORKER, Answer, Person, Question, Site

PAGE = Path(__file__).parent.parent / "docs" / "production.md"
BEGIN, END = "<!-- benchmarks.outages: begin -->", "<!-- benchmarks.outages: end -->"
RATE = 11  # requests a second
BEFORE, AFTER = 4.0, 12.0  # seconds around a fault
TELLING = 90.0  # seconds in which every mail must have gone out afterwards
DEVICES, SIGN_IN, HEALTHZ = "/account/devices/", "/account/login/", "/healthz"
END_OTHERS = f"{DEVICES}sign-out-others/"


@dataclass
class Servers:
    database: Postgres
    cache: Redis
    broker: Redis


Fault = Callable[[Servers], None]


def postgresql_is_restarted(servers: Servers) -> None:
    servers.database.stop()
    time.sleep(1.5)
    servers.database.start()


def postgresql_says_nothing(servers: Servers) -> None:
    servers.database.freeze()
    time.sleep(30)
    servers.database.thaw()


def a_table_is_locked(servers: Servers) -> None:
    with servers.database.connect() as other, other.transaction():
        other.execute("LOCK TABLE sessions_ui_session")
        time.sleep(30)


def the_cache_is_stopped(servers: Servers) -> None:
    servers.cache.stop()
    time.sleep(20)
    servers.cache.start()


def the_broker_is_stopped(servers: Servers) -> None:
    servers.broker.stop()
    time.sleep(20)
    servers.broker.start()


FAULTS: dict[str, tuple[str, Fault, float]] = {  # by name: in words, what to do, seconds it takes at least
    "restart": ("PostgreSQL is restarted", postgresql_is_restarted, 2),
    "silent": ("PostgreSQL says nothing: SIGSTOP", postgresql_says_nothing, 30),
    "locked": ("the table of sessions is locked", a_table_is_locked, 30),
    "cache": ("the cache (Redis) is stopped", the_cache_is_stopped, 20),
    "broker": ("the broker (Redis) is stopped", the_broker_is_stopped, 20),
}


class Load:
    """The nth question of a fault; everybody ends, and signs in, once."""

    def __init__(self, people: list[Person]) -> None:
        self.people = people
        self.endings: dict[int, Person] = {}  # by number of the question

    def question(self, number: int) -> Question:
        person = self.people[number // RATE * 2 % len(self.people)]
        also = self.people[(number // RATE * 2 + 1) % len(self.people)]
        accept = ("Accept", "text/html")
        # As from a proxy: rate limits count by address.
        address = ("X-Forwarded-For", f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
        match number % RATE:
            case 0:
                return Question(HEALTHZ)
            case 1:
                return Question(SIGN_IN, headers=(accept, address))
            case 2:
                return Question(END_OTHERS, person.laptop, form={}, headers=(accept, address))
            case 3 if number // RATE % 2:
                form = {"login": also.email, "password": PASSWORD}
                return Question(SIGN_IN, form=form, headers=(accept, address))
            case _:
                return Question(DEVICES, also.laptop, headers=(accept, address))


@dataclass
class Found:
    """What became of one fault."""

    words: str
    answers: list[Answer]
    over_at: float  # monotonic
    took: float
    threads: int
    log_bytes: int
    lost: int = 0
    doubled: int = 0
    untold: int = 0
    acknowledged: list[Person] = field(default_factory=list)

    def row(self) -> list[str]:
        people = [answer for answer in self.answers if answer.question.path != HEALTHZ]
        statuses = Counter(answer.status for answer in people)
        well = sum(number for status, number in statuses.items() if 200 <= status < 400)
        unwell = statuses.pop(503, 0)
        others = {status: number for status, number in statuses.items() if not 200 <= status < 400}
        health = [answer for answer in self.answers if answer.question.path == HEALTHZ]
        return [
            f"{self.words} ({self.took:.1f} s)",
            f"{well}",
            f"{unwell}",
            ", ".join(f"{number} × {status or 'none'}" for status, number in others.items()) or "0",
            f"{max(answer.seconds for answer in people):.1f} s",
            f"{max(answer.seconds for answer in health):.1f} s",
            f"{self.recovered_after():.1f} s",
            f"{self.threads}",
            f"{self.log_bytes / 1e3:.0f} kB",
            f"{len(self.acknowledged)}",
            f"{self.lost}",
            f"{self.doubled}",
            f"{self.untold}",
        ]

    def recovered_after(self) -> float:
        """Seconds from the end of the fault to the last question that was not answered as it should be."""
        failed = [answer.at for answer in self.answers if not 200 <= answer.status < 400]
        return max(0.0, max(failed, default=0.0) - self.over_at)


HEAD = [
    "fault",
    "answered",
    "503",
    "other errors",
    "slowest",
    "`/healthz`",
    "recovered after",
    "threads",
    "logs",
    "endings acknowledged",
    "lost",
    "mails doubled",
    "mails missing",
]


@contextmanager
def running() -> Iterator[tuple[Servers, Site]]:
    servers = Servers(Postgres(), Redis(), Redis())
    site = None
    try:
        servers.cache.start()
        servers.broker.start()
        site = Site(
            DATABASE_URL=servers.database.url,
            REDIS_URL=f"{servers.cache.url}/0",
            CELERY_BROKER_URL=f"{servers.broker.url}/1",
            TRUSTED_PROXIES="127.0.0.0/8",
        )
        site.start_web()
        start_worker(site)
        start_beat(site)
        yield servers, site
    finally:
        if site is not None:
            site.close()
        for server in (servers.database, servers.cache, servers.broker):
            server.close()


def start_worker(site: Site) -> None:
    site.start("worker", "celery", WORKER)


def start_beat(site: Site) -> None:
    site.start("beat", "celery", [*BEAT, "-s", str(site.folder / "beat")])


def keep_up(site: Site) -> int:
    """As `Restart=always` does; returns how many were started again."""
    again = 0
    for name, start in (("worker", start_worker), ("beat", start_beat)):
        if site.processes[name].poll() is not None:
            start(site)
            again += 1
    return again


def try_fault(name: str, servers: Servers, site: Site) -> Found:
    words, fault, takes = FAULTS[name]
    seconds = BEFORE + takes + AFTER
    load = Load(site.people(2 * round(seconds + 20)))
    site.wait_until_well()
    over_at, took, threads, restarts = [0.0], [0.0], [0], [0]
    size = log_bytes(site)

    def act() -> None:
        time.sleep(BEFORE)
        began = time.monotonic()
        fault(servers)
        over_at[0] = time.monotonic()
        took[0] = over_at[0] - began

    def is_over() -> bool:
        threads[0] = max(threads[0], site.threads())
        restarts[0] += keep_up(site)
        return not actor.is_alive() and time.monotonic() - over_at[0] > AFTER

    actor = threading.Thread(target=act)
    actor.start()
    answers = site.load(load.question, rate=RATE, until=is_over)
    print(f"{restarts[0]} processes were started again", file=sys.stderr)
    found = Found(words, answers, over_at[0], took[0], threads[0], log_bytes(site) - size)
    judge(found, load, servers, site)
    return found


def judge(found: Found, load: Load, servers: Servers, site: Site) -> None:
    by_key = {person.laptop: person for person in load.people}
    found.acknowledged = [
        by_key[answer.question.session]
        for answer in found.answers
        if answer.question.path == END_OTHERS and answer.headers.get("location") == DEVICES
    ]
    found.lost = sum(site.ask(Question(DEVICES, person.phone)).status != 302 for person in found.acknowledged)
    deadline = time.monotonic() + TELLING
    while untold(servers.database) and time.monotonic() < deadline:
        keep_up(site)
        time.sleep(1)
    found.untold = untold(servers.database)
    found.doubled = doubled(site.mails)


def untold(database: Postgres) -> int:
    with database.connect() as connection:
        row = connection.execute("SELECT count(*) FROM sessions_ui_delivery WHERE done_at IS NULL").fetchone()
    assert row is not None
    return int(str(row[0]))


def doubled(mails: Path) -> int:
    """Mails that went out more than once, by their Message-ID; forgotten afterwards."""
    identities: Counter[str] = Counter()
    for file in mails.glob("*"):
        identities.update(re.findall(r"^Message-ID: (\S+)", file.read_text(), re.MULTILINE | re.IGNORECASE))
        file.unlink()
    return sum(number - 1 for number in identities.values())


def log_bytes(site: Site) -> int:
    return sum(site.log(name).stat().st_size for name in site.processes)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outages", description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=", ".join(FAULTS))
    parser.add_argument("--write", action="store_true", help=f"put the table into docs/{PAGE.name}")
    options = parser.parse_args()
    if unknown := set(options.faults) - set(FAULTS):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    if options.write and options.faults:
        parser.error("only a whole run may be written down")
    rows = []
    with running() as (servers, site):
        for name in options.faults or FAULTS:
            print(f"{name}…", file=sys.stderr, flush=True)
            rows.append(try_fault(name, servers, site).row())
            print(table(HEAD, rows[-1:]), flush=True)
    text = f"{machine()}\n\n{table(HEAD, rows)}"
    print(text)
    if options.write:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


if __name__ == "__main__":
    main()
