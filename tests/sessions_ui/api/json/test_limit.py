"""So many requests a minute for each token, and each answer says how many are left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.cache import cache

from sessions_ui.api.request_limit import RequestLimit
from tests.sessions_ui.api.conftest import Program
from tests.sessions_ui.api.json.conftest import is_problem

pytestmark = pytest.mark.django_db

SESSIONS = "/api/sessions"


@pytest.fixture(autouse=True)
def _within_a_minute() -> Iterator[None]:
    with time_machine.travel(1_900_000_040, tick=False):  # 20 s of a minute are over
        yield


def limited(settings: Any, most: int | None) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "API_RATE_LIMIT": most}


def test_the_fourth_of_three_is_told_when_to_come_again(user: Any, make_token: Any, settings: Any) -> None:
    limited(settings, 3)
    client = Program(make_token(user))
    answers = [client.get(SESSIONS) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer["RateLimit"] for answer in answers] == [
        f'"default";r={left};t=40' for left in (2, 1, 0, 0, 0)
    ]
    assert is_problem(answers[3], 429, "too-many-requests")
    assert (answers[3]["Retry-After"], answers[3]["RateLimit-Policy"]) == ("40", '"default";q=3;w=60')


def test_each_token_has_its_own(user: Any, make_token: Any, settings: Any) -> None:
    limited(settings, 1)
    one, other = Program(make_token(user)), Program(make_token(user))
    assert [client.get(SESSIONS).status_code for client in (one, other, one, other)] == [200, 200, 429, 429]


def test_the_next_minute_begins_anew(user: Any, make_token: Any, settings: Any) -> None:
    limited(settings, 1)
    client = Program(make_token(user))
    assert [client.get(SESSIONS).status_code for _ in range(2)] == [200, 429]
    with time_machine.travel(time.time() + 40, tick=False):
        assert client.get(SESSIONS)["RateLimit"] == '"default";r=0;t=60'


def test_no_limit(user: Any, make_token: Any, settings: Any) -> None:
    limited(settings, None)
    answer = Program(make_token(user)).get(SESSIONS)
    assert answer.status_code == 200 and not answer.has_header("RateLimit")


def test_whoever_is_not_known_is_not_counted(client: Any) -> None:
    assert not client.get(SESSIONS).has_header("RateLimit")


def test_processes_together_answer_no_more_than_the_limit() -> None:
    processes = [RequestLimit() for _ in range(3)]
    answered = [one.count(7, 100).own >= 0 for _ in range(50) for one in processes]
    assert sum(answered) == 100


def test_a_share_is_taken_now_and_then_and_not_with_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    real = cache.add
    monkeypatch.setattr(cache, "add", lambda key, *rest: taken.append(key) or real(key, *rest))
    limit = RequestLimit()
    assert [limit.count(7, 600).total for _ in range(60)] == list(range(599, 539, -1))
    assert len(taken) == 2


def test_whoever_has_used_all_of_it_costs_the_cache_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = RequestLimit()
    assert [limit.count(7, 3).is_exceeded for _ in range(4)] == [False, False, False, True]
    monkeypatch.setattr(cache, "add", None)
    monkeypatch.setattr(cache, "incr", None)
    assert all(limit.count(7, 3).is_exceeded for _ in range(10))


def test_others_are_counted_while_one_waits_for_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = RequestLimit()
    limit.count(8, 600)
    inside: list[int] = []
    real = cache.add

    def slow(key: str, *rest: Any) -> Any:
        inside.append(limit.count(8, 600).total)  # would wait for ever for a lock that is held
        return real(key, *rest)

    monkeypatch.setattr(cache, "add", slow)
    limit.count(7, 600)
    assert inside == [598]


def test_without_a_cache_nobody_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any) -> Any:
        raise ConnectionError

    monkeypatch.setattr(cache, "add", away)
    limit = RequestLimit()
    assert all(limit.count(7, 3).own >= 0 for _ in range(10))


def test_what_is_known_of_clients_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions_ui.api.request_limit.MOST_KNOWN", 3)
    limit = RequestLimit()
    for client in range(10):
        limit.count(client, 600)
    assert len(limit._left) <= 3
