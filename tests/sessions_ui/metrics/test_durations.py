"""How long look-ups and endings take: kept in mind by a process, written down now and then, added up over all."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.metrics import durations
from sessions_ui.metrics.durations import LABELS, MOST, Measure, histograms, timed, write_down
from tests.models import Duration, EndReason, Session

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def new_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    forget(monkeypatch)
    yield
    forget(monkeypatch)


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    for queue in durations._taken.values():
        queue.clear()
    monkeypatch.setattr(durations, "_written_at", float("-inf"))


@pytest.fixture
def are_read(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "METRICS_TOKEN": "sixteen-characters"}


def number(measure: Measure) -> int:
    return sum(histograms()[measure].numbers)


def waiting(measure: Measure) -> int:
    return len(durations._taken[measure])


def look_for(user: Any) -> None:
    """As if the last look at this session were long ago: the next request writes that it was used."""
    Session.objects.filter(user=user).update(last_seen_at=timezone.now() - timezone.timedelta(hours=1))


def test_nothing_is_timed_where_nobody_reads_it(user: Any, browser: Any) -> None:
    there = browser()
    there.sign_in(user)
    there.get("/account/devices/")
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    assert (waiting(Measure.LOOK_UP), waiting(Measure.ENDING)) == (0, 0)
    write_down()
    assert not Duration.objects.exists()


def test_look_ups_are_written_down_where_a_request_writes_anyway(
    user: Any, browser: Any, are_read: None
) -> None:
    there = browser()
    there.sign_in(user)
    write_down()
    before = number(Measure.LOOK_UP)
    there.get("/account/devices/")
    there.get("/account/devices/")
    assert (waiting(Measure.LOOK_UP), number(Measure.LOOK_UP)) == (2, before)
    durations._written_at = float("-inf")  # half a minute later
    there.get("/account/devices/")
    assert waiting(Measure.LOOK_UP) == 3  # this one had nothing to write
    look_for(user)
    there.get("/account/devices/")
    assert (waiting(Measure.LOOK_UP), number(Measure.LOOK_UP)) == (0, before + 4)


def test_an_act_is_one_ending_and_one_that_ended_nothing_is_none(
    user: Any, browser: Any, are_read: None
) -> None:
    browser().sign_in(user)
    browser().sign_in(user)
    write_down()
    before = number(Measure.ENDING)
    for _ in range(2):
        end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    write_down()
    assert number(Measure.ENDING) == before + 1
    assert histograms()[Measure.ENDING].seconds > 0


@pytest.mark.django_db(transaction=True)
def test_it_is_written_down_after_the_commit_of_the_host(user: Any, browser: Any, are_read: None) -> None:
    browser().sign_in(user)
    durations._written_at = float("-inf")
    with transaction.atomic():
        end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
        assert number(Measure.ENDING) == 0
    assert number(Measure.ENDING) == 1


def test_processes_add_to_the_same_buckets(are_read: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for taken in ([0.0001, 0.000_3, 99.0], [0.0001, 2.5]):
        forget(monkeypatch)
        durations._taken[Measure.LOOK_UP].extend(taken)
        write_down()
    found = histograms()[Measure.LOOK_UP]
    counted = {label: number for label, number in zip(LABELS, found.numbers, strict=True) if number}
    assert counted == {"0.0001": 2, "0.0005": 1, "2.5": 1, "+Inf": 1}
    assert found.seconds == pytest.approx(101.5005)
    assert number(Measure.ENDING) == 0


@pytest.mark.parametrize("lost", [OperationalError, InterfaceError])
def test_what_could_not_be_written_down_is_kept_for_the_next_time(
    are_read: None, monkeypatch: pytest.MonkeyPatch, lost: type[Exception]
) -> None:
    def away(*_args: Any) -> None:
        raise lost("the server is away")

    durations._taken[Measure.LOOK_UP].extend([0.1, 0.2])
    with monkeypatch.context() as patch:
        patch.setattr(durations, "_add", away)
        write_down()
    assert list(durations._taken[Measure.LOOK_UP]) == [0.1, 0.2]
    assert not durations.is_due()
    write_down()
    assert number(Measure.LOOK_UP) == 2


def test_threads_that_write_down_at_the_same_moment_take_each_once(
    are_read: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    added: list[float] = []
    monkeypatch.setattr(durations, "_add", lambda taken: added.extend(taken[Measure.LOOK_UP]))
    durations._taken[Measure.LOOK_UP].extend(float(number) for number in range(50_000))
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(write_down) for _ in range(8)]:
            done.result()
    assert sorted(added) == [float(number) for number in range(50_000)]


def test_a_process_that_cannot_write_does_not_grow(are_read: None) -> None:
    for _ in range(3):
        timed(Measure.LOOK_UP, lambda: None)
    assert durations._taken[Measure.LOOK_UP].maxlen == MOST


def test_what_raises_is_not_counted(are_read: None) -> None:
    with pytest.raises(ZeroDivisionError):
        timed(Measure.LOOK_UP, lambda: 1 // 0)
    assert waiting(Measure.LOOK_UP) == 0


def test_a_command_leaves_nothing_behind(user: Any, browser: Any, are_read: None) -> None:
    browser().sign_in(user)
    write_down()
    call_command("sessions", "end", "--user", user.email, "--reason", "administrator", "--no-input")
    assert waiting(Measure.ENDING) == 0 and number(Measure.ENDING) == 1
