"""A service that is away: how often it is tried, and what the log says of it."""

from __future__ import annotations

import logging
import threading

import pytest

from sessions_ui.services import circuit_breaker
from sessions_ui.services.circuit_breaker import CircuitBreaker

LOGGER = logging.getLogger(__name__)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(circuit_breaker, "time", clock)
    return clock


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(LOGGER, "The oven", meanwhile="bread is bought", pause=10)


def test_what_works_is_always_tried_and_nothing_is_logged(
    breaker: CircuitBreaker, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        assert breaker.may_try()
        assert not breaker.worked()
    assert not caplog.messages


def test_an_outage_costs_one_try_in_each_pause(breaker: CircuitBreaker, clock: Clock) -> None:
    breaker.failed(ConnectionError())
    tries = 0
    for _ in range(100):
        clock.now += 1
        if breaker.may_try():
            tries += 1
            breaker.failed(ConnectionError())
    assert tries == 10


def test_of_many_at_once_one_is_let_through(breaker: CircuitBreaker, clock: Clock) -> None:
    breaker.failed(ConnectionError())
    clock.now += 10
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.append(breaker.may_try())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(True) == 1


def test_the_log_says_how_it_began_a_count_every_ten_minutes_and_when_it_is_over(
    breaker: CircuitBreaker, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(121):
        breaker.failed(ConnectionRefusedError())
        clock.now += 10
    assert breaker.worked() and breaker.may_try()
    assert caplog.messages == [
        "The oven cannot be reached (ConnectionRefusedError): bread is bought.",
        "The oven still cannot be reached, after 600 s (failed tries: 61).",
        "The oven still cannot be reached, after 1200 s (failed tries: 121).",
        "The oven can be reached again, after 1210 s (failed tries: 121).",
    ]


def test_the_first_failure_is_logged_in_full_where_that_is_asked_for(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    breaker = CircuitBreaker(LOGGER, "The oven", meanwhile="bread is bought", pause=10, trace=True)
    for _ in range(2):
        breaker.failed(ConnectionRefusedError("no coal"))
    [record] = caplog.records
    assert record.exc_info and str(record.exc_info[1]) == "no coal"
