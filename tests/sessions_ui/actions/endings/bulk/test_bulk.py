"""Ending in batches: from rows, claimed with a lease, idempotent, and none lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings.bulk import carry_out, lay_out
from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.bulk.progress import receipt_of
from sessions_ui.actions.endings.bulk.stop import resume, retry_failed, stop
from sessions_ui.actions.endings.end import Receipt, end_session
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.exceptions import TryAgain
from sessions_ui.services import queueing
from sessions_ui.tasks import sweep_endings
from tests.models import AccountState, Act, Delivery, Ending, EndingBatch, EndReason, Event, Session
from tests.sessions_ui.database.test_transactions import PASSING, as_django_raises_it

pytestmark = pytest.mark.django_db

# As they are outside of these tests, which have smaller batches.
NUMBERS = (lay_out.BATCH, carry_out.LEASE, carry_out.ATTEMPTS, carry_out.WAIT, carry_out.SECONDS)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: Any) -> None:
    monkeypatch.setattr(lay_out, "BATCH", 4)


def sign_in(user: Any, number: int) -> None:
    expires_at = timezone.now() + timedelta(days=1)
    Session.objects.bulk_create(
        Session(digest=f"{user.pk}-{index}", user=user, expires_at=expires_at, signed_in_at=timezone.now())
        for index in range(number)
    )


def end_all(user: Any = None, **fields: Any) -> Ending:
    return end_later(sessions=Session.objects.all(), reason=EndReason.ADMINISTRATOR, actor=user, **fields)


def sizes() -> list[int]:
    return list(EndingBatch.objects.order_by("pk").values_list("size", flat=True))


def test_an_ending_is_carried_out_by_the_task_and_every_batch_is_an_act_of_it(
    user: Any, other_user: Any, administrator: Any
) -> None:
    sign_in(user, 3)
    sign_in(other_user, 3)
    ending = end_all(administrator, ticket="INC-7", note="cleaning up")
    assert (ending.total, sizes(), Session.objects.living().count()) == (6, [3, 3], 6)
    assert sweep_endings() == 6
    acts = Act.objects.filter(ending=ending)
    assert {(act.count, act.reason, act.actor_id, act.ticket, act.note) for act in acts} == {
        (3, EndReason.ADMINISTRATOR, administrator.pk, "INC-7", "cleaning up")
    }
    assert Event.objects.filter(kind=Event.Kind.ENDED, act__ending=ending).count() == 6
    ending.refresh_from_db()
    assert ending.done_at is not None
    assert receipt_of(ending) == Receipt(act=None, ended=6, already_ended=0, failed=0)
    assert sweep_endings() == 0


def test_a_user_is_in_one_batch_and_gets_one_mail(user: Any, other_user: Any) -> None:
    sign_in(user, 2)
    sign_in(other_user, 4)
    end_all()
    assert sizes() == [2, 4]
    end_batches()
    assert sorted(Delivery.objects.values_list("receiver", flat=True)) == [user.email, other_user.email]


def test_more_than_a_batch_of_one_user_is_split(user: Any, other_user: Any) -> None:
    sign_in(user, 9)
    sign_in(other_user, 2)
    end_all()
    assert sizes() == [4, 4, 3]
    assert end_batches() == 11


def test_what_signs_in_afterwards_and_what_was_not_chosen_goes_on(user: Any, other_user: Any) -> None:
    sign_in(user, 2)
    ending = end_later(sessions=Session.objects.of(user), reason=EndReason.INCIDENT)
    sign_in(other_user, 2)
    Session.objects.create(digest="new", user=user, expires_at=timezone.now() + timedelta(days=1))
    end_batches()
    assert receipt_of(ending).ended == 2
    assert Session.objects.living().count() == 3


def test_what_others_ended_meanwhile_is_counted_as_such(user: Any) -> None:
    sign_in(user, 3)
    ending = end_all()
    end_session(session=Session.objects.earliest("pk"), reason=EndReason.SIGNED_OUT)
    end_batches()
    assert receipt_of(ending) == Receipt(act=None, ended=2, already_ended=1, failed=0)


def test_nothing_to_end_is_done_at_once(user: Any) -> None:
    ending = end_all()
    assert ending.done_at is not None and not EndingBatch.objects.exists()


def test_what_a_dead_worker_held_is_taken_up_after_its_lease(user: Any) -> None:
    sign_in(user, 2)
    ending = end_all()
    batch = carry_out.claim()
    assert batch is not None
    assert carry_out.claim() is None, "nobody else takes it meanwhile"
    assert end_batches() == 0
    ending.refresh_from_db()
    assert ending.done_at is None
    EndingBatch.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert end_batches() == 2


def test_an_ending_that_is_carried_out_twice_ends_each_session_once(user: Any) -> None:
    """A worker that had lost its lease comes after the one that took over."""
    sign_in(user, 2)
    ending = end_all()
    slow = carry_out.claim()
    EndingBatch.objects.update(leased_until=None)
    fast = carry_out.claim()
    assert slow is not None and fast is not None
    assert (carry_out.carry_out(fast), carry_out.carry_out(slow)) == (2, 0)
    assert receipt_of(ending).ended == 2
    assert Event.objects.filter(kind=Event.Kind.ENDED).count() == 2


def test_a_batch_that_fails_is_tried_again_then_shown_then_tried_once_more(
    user: Any, monkeypatch: Any
) -> None:
    sign_in(user, 2)
    ending = end_all()

    def locked(**kwargs: Any) -> Receipt:
        raise OperationalError("database is locked")

    batch: EndingBatch | None = None
    with monkeypatch.context() as broken:
        broken.setattr(carry_out, "end_sessions", locked)
        for attempt in range(1, 9):
            assert batch is None or batch.failed_at is None
            assert end_batches() == 0
            batch = EndingBatch.objects.get()
            assert (batch.attempts, batch.error) == (attempt, "OperationalError")
            if attempt < 8:
                EndingBatch.objects.update(leased_until=None)
    assert batch is not None and batch.failed_at is not None
    assert receipt_of(ending) == Receipt(act=None, ended=0, already_ended=0, failed=2)
    assert end_batches() == 0, "nobody tries again by itself"
    assert retry_failed(Ending.objects.all()) == 1
    assert EndingBatch.objects.get().attempts == 0, "all eight of them again"
    assert end_batches() == 2
    assert receipt_of(ending) == Receipt(act=None, ended=2, already_ended=0, failed=0)


def test_a_batch_that_went_through_the_second_time_names_no_error(user: Any, monkeypatch: Any) -> None:
    sign_in(user, 2)
    end_all()

    def locked(**kwargs: Any) -> Receipt:
        raise OperationalError("database is locked")

    with monkeypatch.context() as broken:
        broken.setattr(carry_out, "end_sessions", locked)
        assert end_batches() == 0
    assert EndingBatch.objects.get().error == "OperationalError"
    EndingBatch.objects.update(leased_until=None)
    assert end_batches() == 2
    assert EndingBatch.objects.get().error == ""


def test_a_batch_is_200_sessions_held_for_two_minutes_and_tried_8_times() -> None:
    """Spelled out once: docs/endings.md speaks of them, and no other test would notice another number."""
    batch, lease, attempts, wait, run = NUMBERS
    assert (batch, attempts) == (200, 8)
    assert (lease, wait, run) == (timedelta(minutes=2), timedelta(seconds=10), 60)


@pytest.mark.parametrize("unadopted", [True, False])
def test_what_another_engine_holds_ends_with_it_only_where_that_was_asked_for(
    unadopted: bool, user: Any, other_user: Any
) -> None:
    sign_in(user, 1)
    end_later(
        sessions=Session.objects.of(user),
        reason=EndReason.ADMINISTRATOR,
        **({"unadopted": True} if unadopted else {}),
    )
    assert AccountState.objects.filter(user_id=user.pk, cut_at__isnull=False).exists() is unadopted
    assert not AccountState.objects.filter(user_id=other_user.pk, cut_at__isnull=False).exists()


@pytest.mark.parametrize("act", [stop, resume])
def test_stopping_and_going_on_say_try_again_where_the_database_is_busy(act: Any, user: Any) -> None:
    sign_in(user, 1)
    ending = end_all()

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE"):
            raise as_django_raises_it(PASSING["SQLite: busy"])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse), pytest.raises(TryAgain):
        act(ending)


def test_only_what_is_under_way_is_stopped_and_only_what_was_stopped_goes_on(user: Any) -> None:
    sign_in(user, 1)
    ending = end_all()
    assert not resume(ending)
    assert [stop(ending), stop(ending)] == [True, False]
    assert end_batches() == 0
    assert [resume(ending), resume(ending)] == [True, False]
    assert end_batches() == 1
    assert not stop(ending)
    # Stopped while its last batch was under way.
    Ending.objects.update(stopped_at=timezone.now())
    assert not resume(ending)


def test_whoever_goes_on_asks_a_worker(
    user: Any, hastened: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    sign_in(user, 1)
    ending = end_all()
    stop(ending)
    hastened.clear()
    for asked in (["sessions_ui.tasks.sweep_endings"], []):
        with django_capture_on_commit_callbacks(execute=True):
            resume(ending)
        assert hastened == asked
        hastened.clear()


def test_once_more_waits_for_no_lease_and_counts_from_the_first_attempt(user: Any) -> None:
    sign_in(user, 1)
    end_all()
    now = timezone.now()
    EndingBatch.objects.update(failed_at=now, attempts=8, leased_until=now + timedelta(minutes=2))
    retry_failed(Ending.objects.all())
    assert EndingBatch.objects.get().attempts == 0
    assert end_batches() == 1


def test_how_far_it_has_come(user: Any) -> None:
    """Of four batches one is open, one has failed, and of two that are done others had ended some."""
    ending = Ending.objects.create(reason=EndReason.ADMINISTRATOR, total=24)
    now = timezone.now()
    EndingBatch.objects.bulk_create(
        EndingBatch(ending=ending, keys=[], size=size, ended=ended, done_at=done_at, failed_at=failed_at)
        for size, ended, done_at, failed_at in (
            (3, 0, None, None),
            (5, 0, None, now),
            (7, 4, now, None),
            (9, 9, now, None),
        )
    )
    assert receipt_of(ending) == Receipt(act=None, ended=13, already_ended=3, failed=5)
    # One that was ended by somebody whose lease was lost counts there before it is done.
    EndingBatch.objects.filter(size=7).update(done_at=None, ended=20)
    assert receipt_of(ending).already_ended == 0


def test_once_more_reopens_no_ending_that_was_finished(user: Any, other_user: Any) -> None:
    sign_in(other_user, 1)
    finished = end_all()
    end_batches()
    finished.refresh_from_db()
    sign_in(user, 1)
    failed = end_all()
    EndingBatch.objects.filter(ending=failed).update(failed_at=timezone.now(), attempts=8)
    Ending.objects.filter(pk=failed.pk).update(done_at=timezone.now())
    assert retry_failed(Ending.objects.filter(pk__in=[failed.pk])) == 1
    failed.refresh_from_db()
    assert failed.done_at is None, "under way again"
    before = finished.done_at
    finished.refresh_from_db()
    assert before is not None and finished.done_at == before
    assert end_batches() == 1


def test_once_more_is_for_the_chosen_endings_alone(user: Any) -> None:
    sign_in(user, 1)
    chosen, other = end_all(), end_all()
    EndingBatch.objects.update(failed_at=timezone.now(), attempts=8)
    assert retry_failed(Ending.objects.filter(pk=chosen.pk)) == 1
    untouched = EndingBatch.objects.get(ending=other)
    assert untouched.failed_at is not None and untouched.attempts == 8


def test_once_more_of_endings_without_failures_reopens_none(user: Any) -> None:
    sign_in(user, 1)
    ending = end_all()
    end_batches()
    assert retry_failed(Ending.objects.all()) == 0
    ending.refresh_from_db()
    assert ending.done_at is not None


def test_an_ending_is_done_once(user: Any) -> None:
    sign_in(user, 1)
    ending = end_all()
    end_batches()
    ending.refresh_from_db()
    done_at = ending.done_at
    end_batches()
    ending.refresh_from_db()
    assert ending.done_at == done_at is not None


def test_a_worker_is_asked_at_once(
    user: Any, hastened: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    sign_in(user, 1)
    with django_capture_on_commit_callbacks(execute=True):
        end_all()
    EndingBatch.objects.update(failed_at=timezone.now(), attempts=8)
    hastened.clear()
    assert retry_failed(Ending.objects.all()) == 1
    assert hastened == ["sessions_ui.tasks.sweep_endings"]


def test_a_broker_that_is_down_loses_nothing(
    user: Any, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    def unreachable(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(queueing.host_app(), "send_task", unreachable)
    sign_in(user, 2)
    with django_capture_on_commit_callbacks(execute=True):
        end_all()
    assert sweep_endings() == 2


def test_a_run_stops_in_time_and_the_next_one_goes_on(user: Any, other_user: Any) -> None:
    sign_in(user, 3)
    sign_in(other_user, 3)
    end_all()
    assert end_batches(seconds=0) == 0
    assert end_batches() == 6


def test_the_cost_of_writing_it_down_does_not_grow_with_the_number(user: Any) -> None:
    counts = []
    sign_in(user, 1)
    end_all()  # the first decision about an account makes its state
    for number in (2, 60):
        Session.objects.all().delete()
        sign_in(user, number)
        with CaptureQueriesContext(connection) as queries:
            end_all()
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


def test_an_ending_is_purged_after_the_retention_time(user: Any) -> None:
    sign_in(user, 2)
    end_all()
    end_batches()
    Ending.objects.update(done_at=timezone.now() - timedelta(days=400))
    purge_old()
    assert not Ending.objects.exists() and not EndingBatch.objects.exists()
    assert Act.objects.exists()
