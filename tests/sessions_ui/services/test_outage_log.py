"""Of an outage the log has the first error in full and the number of the others."""

from __future__ import annotations

import logging

import pytest
from django.db import OperationalError

from sessions_ui.services import outage_log
from sessions_ui.services.outage_log import QuietOutages


class Timer:
    """Goes off when the test says so."""

    waiting: list[Timer] = []

    def __init__(self, seconds: float, function: object, arguments: list[str]) -> None:
        self.go_off = lambda: function(*arguments)  # type: ignore[operator]
        self.daemon = False

    def start(self) -> None:
        assert self.daemon, "it would keep the process from ending"
        Timer.waiting.append(self)


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage() + (" in full" if record.exc_info else ""))


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a handler with the filter writes, whoever logs."""
    monkeypatch.setattr(outage_log.threading, "Timer", Timer)
    monkeypatch.setattr(Timer, "waiting", [])
    handler = Lines()
    handler.addFilter(QuietOutages())
    # Alone: the site's own handler has such a filter, too.
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    return handler.lines


def fail(name: str = "django.request", error: Exception | None = None) -> None:
    try:
        raise error or OperationalError("the server is away")
    except Exception:
        logging.getLogger(name).exception("failed")


def time_is_over() -> None:
    over, Timer.waiting[:] = [*Timer.waiting], []
    for timer in over:
        timer.go_off()


def test_the_first_is_written_in_full_and_the_others_are_counted(lines: list[str]) -> None:
    for _ in range(5):
        fail()
    assert lines == ["failed in full"]
    time_is_over()
    assert lines[1:] == ["4 more within 30 s: django.request, OperationalError"]


def test_an_outage_that_goes_on_is_counted_on(lines: list[str]) -> None:
    fail()
    fail()
    time_is_over()
    for _ in range(3):
        fail()
    time_is_over()
    assert lines[1:] == [
        "1 more within 30 s: django.request, OperationalError",
        "3 more within 30 s: django.request, OperationalError",
    ]


def test_after_a_time_without_any_the_next_is_the_first_again(lines: list[str]) -> None:
    fail()
    time_is_over()
    assert not Timer.waiting
    fail()
    assert lines == ["failed in full", "failed in full"]


def test_each_logger_and_each_kind_of_error_has_a_first(lines: list[str]) -> None:
    fail("django.request")
    fail("celery.app.trace")
    locked = OperationalError("locked")
    locked.__cause__ = TimeoutError()
    fail("django.request", locked)
    assert lines == ["failed in full"] * 3


def test_what_was_raised_because_of_an_outage_is_part_of_it(lines: list[str]) -> None:
    for _ in range(2):
        try:
            try:
                raise OperationalError("the server is away")
            except OperationalError as error:
                raise RuntimeError("the task failed") from error
        except RuntimeError:
            logging.getLogger("celery").exception("failed")
    assert len(lines) == 1


def test_an_error_of_ours_is_written_every_time(lines: list[str]) -> None:
    for _ in range(3):
        fail(error=ValueError("ours"))
    logging.getLogger("django.request").error("without an exception")
    assert len(lines) == 4


def test_what_the_pool_says_of_each_try_is_counted_too(lines: list[str]) -> None:
    for _ in range(3):
        logging.getLogger("psycopg.pool").warning("error connecting")
    assert lines == ["error connecting"]


def test_a_child_process_has_a_first_of_its_own() -> None:
    outages = QuietOutages()
    outages._counts["django.request, OperationalError"] = 7
    outages._lock.acquire()  # by a thread that does not live on there
    outages._begin()
    record = logging.LogRecord("psycopg.pool", logging.WARNING, "", 0, "error connecting", None, None)
    assert outages.filter(record)


def test_beat_says_once_that_its_broker_is_away(lines: list[str]) -> None:
    """A task every few seconds, with a traceback each."""
    for _ in range(3):
        fail("celery.beat", ConnectionError("no broker"))
    time_is_over()
    assert lines == ["failed in full", "2 more within 30 s: celery.beat, ConnectionError"]
