"""PostgreSQL is restarted, silent, locked or gone, under the whole site and a load of eleven requests a second.

On a server of its own. What is measured here is what `python -m benchmarks.outages` prints for docs/production.md.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest

from config.connection import ServerIsSilent, bounded_connection
from tests.servers import NotInstalled, Postgres, free_port
from tests.whole_site import Answer, Person, Question, Site

RATE = 11  # requests a second
PEOPLE = 9
HEALTHZ, SIGN_IN, DEVICES = "/healthz", "/account/login/", "/account/devices/"
POOL_SIZE = 20


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    try:
        server = Postgres()
    except NotInstalled as why:
        pytest.skip(str(why))
    yield server
    server.close()


@pytest.fixture(scope="module")
def running(postgres: Postgres) -> Iterator[Site]:
    site = Site(DATABASE_URL=postgres.url, REDIS_URL="", CELERY_BROKER_URL="filesystem://localhost")
    site.start_web()
    yield site
    print(site.log("web").read_text()[-4_000:])
    site.close()


@pytest.fixture(scope="module")
def people(running: Site) -> list[Person]:
    return running.people(PEOPLE)


@pytest.fixture
def site(running: Site) -> Iterator[Site]:
    """Well, with as many connections as so much load needs, before and after."""
    running.wait_until_well()
    yield running
    running.wait_until_well()


@dataclass
class Story:
    """What happened to requests before, while and after something was broken."""

    answers: list[Answer]
    broken_at: float  # monotonic
    back_at: float
    threads: int
    logged: str

    @property
    def slow(self) -> float:
        """Seconds that the slowest answer took while all was well: the machine may be busy with other tests."""
        calm = [answer for answer in self.answers if answer.at + answer.seconds < self.broken_at]
        return max((answer.seconds for answer in calm), default=self.broken_at - self.answers[0].at)

    @property
    def slack(self) -> float:
        """Seconds on top of what the site has promised."""
        return 4 + 4 * self.slow

    def of(self, *paths: str) -> list[Answer]:
        return [answer for answer in self.answers if answer.question.path in paths]

    def refused(self) -> list[Answer]:
        return [answer for answer in self.of(SIGN_IN, DEVICES) if answer.status != 200]

    def print(self) -> None:
        print(Counter(answer.status for answer in self.answers), f"{self.threads} threads at most")
        print(f"slowest: {max(answer.seconds for answer in self.answers):.1f} s; before it {self.slow:.1f} s")

    def verify(self) -> None:
        """Nothing but 200 and 503, and who is refused hears so in words and stays signed in."""
        self.print()
        assert {answer.status for answer in self.answers} <= {200, 503}
        for answer in self.refused():
            assert int(answer.headers["retry-after"]) > 0
            assert "Please try again" in answer.text
            assert "set-cookie" not in answer.headers
        late = [answer.at - self.back_at for answer in self.answers if answer.status != 200]
        assert max(late, default=0) < 5 + self.slack, "it does not recover"
        assert self.threads < RATE * (6 + self.slack) + POOL_SIZE


def during(site: Site, people: list[Person], broken: Callable[[], None], *, seconds: float) -> Story:
    """A load for so long; `broken` begins two seconds after it, and returns when all is well again."""
    began, broken_at, back_at, threads = time.monotonic(), [0.0], [0.0], [0]
    size = site.log("web").stat().st_size

    def act() -> None:
        time.sleep(2)
        broken_at[0] = time.monotonic()
        broken()
        back_at[0] = time.monotonic()

    def question(number: int) -> Question:
        match number % RATE:
            case 0:
                return Question(HEALTHZ)
            case 1:
                return Question(SIGN_IN)
            case turn:
                return Question(DEVICES, people[turn % PEOPLE].laptop)

    def is_over() -> bool:
        threads[0] = max(threads[0], site.threads())
        return time.monotonic() - began > seconds and not actor.is_alive()

    actor = threading.Thread(target=act)
    actor.start()
    answers = site.load(question, rate=RATE, until=is_over)
    with site.log("web").open("rb") as log:
        log.seek(size)
        logged = log.read().decode()
    return Story(answers, broken_at[0], back_at[0], threads[0], logged)


def test_a_restart_costs_five_requests_at_most(site: Site, people: list[Person], postgres: Postgres) -> None:
    def restart() -> None:
        postgres.stop()
        time.sleep(1.5)
        postgres.start()

    story = during(site, people, restart, seconds=13)
    story.verify()
    assert len(story.refused()) <= 5 + RATE * story.slow


def test_a_server_that_says_nothing_holds_nobody_up(
    site: Site, people: list[Person], postgres: Postgres
) -> None:
    def silent() -> None:
        postgres.freeze()
        time.sleep(15)
        postgres.thaw()

    story = during(site, people, silent, seconds=21)
    story.verify()
    assert max(answer.seconds for answer in story.of(HEALTHZ)) < 2 + story.slack
    # Who was under way with a statement: as long as that may take, and two seconds.
    assert max(answer.seconds for answer in story.of(SIGN_IN, DEVICES)) < 12 + story.slack
    assert len(story.refused()) > 20
    assert story.logged.count("Traceback (most recent call last)") < 5, "the first of each kind"


def test_a_locked_table_holds_nobody_up(site: Site, people: list[Person], postgres: Postgres) -> None:
    def locked() -> None:
        with postgres.connect() as other, other.transaction():
            other.execute("LOCK TABLE sessions_ui_session")
            time.sleep(9)

    story = during(site, people, locked, seconds=15)
    story.verify()
    assert {answer.status for answer in story.of(HEALTHZ)} == {200}, "the database is there"
    # Three seconds for a connection of the pool, and three for the lock.
    assert max(answer.seconds for answer in story.answers) < 6 + story.slack


def test_connections_that_died_while_nobody_came_are_none_of_whoever_comes_next(
    site: Site, people: list[Person], postgres: Postgres
) -> None:
    """A pool gives one after another to be tried, with a pause in between that grows."""
    with postgres.connect() as other:
        with ThreadPoolExecutor() as browsers:
            with other.transaction():
                other.execute("LOCK TABLE sessions_ui_session")
                asked = [browsers.submit(site.ask, Question(DEVICES, person.laptop)) for person in people]
                time.sleep(1)
            assert {one.result().status for one in asked} == {200}
        [[connections]] = other.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        ).fetchall()
        assert connections > len(people) / 2, "of the pool, all idle"
    postgres.stop()
    postgres.start()
    answers = [site.ask(Question(DEVICES, people[0].laptop)) for _ in range(5)]
    assert [answer.status for answer in answers] == [200] * 5


def test_an_ending_that_the_database_is_away_for_says_so_and_can_be_tried_again(
    site: Site, postgres: Postgres
) -> None:
    [person] = site.people(1)
    everybody_else = Question("/account/devices/sign-out-others/", person.laptop, form={})
    postgres.stop()
    try:
        away = site.ask(everybody_else)
    finally:
        postgres.start()
    assert away.status == 503
    assert "set-cookie" not in away.headers
    site.wait_until_well()
    assert site.ask(Question(DEVICES, person.phone)).status == 200
    assert site.ask(everybody_else).status == 302
    assert site.ask(Question(DEVICES, person.phone)).status == 302, "signed out"
    assert site.ask(Question(DEVICES, person.laptop)).status == 200


@contextmanager
def frozen(postgres: Postgres) -> Iterator[None]:
    postgres.freeze()
    try:
        yield
    finally:
        postgres.thaw()


def test_a_connection_gives_up_on_a_server_that_says_nothing(postgres: Postgres) -> None:
    connection = bounded_connection(0.5).connect(postgres.url)
    with frozen(postgres), pytest.raises(ServerIsSilent):
        connection.cursor().execute("SELECT 1")
    assert connection.closed, "an answer that comes later would be taken for that of another statement"


def test_a_connection_shows_within_two_seconds_that_it_lives(postgres: Postgres) -> None:
    """What a pool asks first is not given as long as a statement that works."""
    connection = bounded_connection(3600).connect(postgres.url, autocommit=True)
    with frozen(postgres), pytest.raises(ServerIsSilent, match="for 2 s"):
        connection.execute("")


def test_a_statement_that_takes_long_is_left_to_the_server(postgres: Postgres) -> None:
    with bounded_connection(0).connect(postgres.url) as connection:
        connection.cursor().execute("SELECT pg_sleep(0.5)")
    with (
        bounded_connection(60).connect(postgres.url, options="-c statement_timeout=100") as connection,
        pytest.raises(psycopg.errors.QueryCanceled),
    ):
        connection.cursor().execute("SELECT pg_sleep(60)")


def test_of_several_hosts_the_one_that_takes_writes_is_used(postgres: Postgres) -> None:
    """As DATABASE_URL names them: the first is not there."""
    hosts = f"127.0.0.1:{free_port()},127.0.0.1:{postgres.port}"
    url = f"postgres://site@{hosts}/postgres?target_session_attrs=read-write"
    site = Site(DATABASE_URL=url, REDIS_URL="", CELERY_BROKER_URL="filesystem://localhost")
    site.start_web()
    try:
        site.wait_until_well()
        assert site.ask(Question(HEALTHZ)).status == 200
    finally:
        site.close()
