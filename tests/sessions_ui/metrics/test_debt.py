"""Session persistence debt: how long sessions lived after trust had ended, by whose fault."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.end import end_session, end_user_sessions
from sessions_ui.actions.endings.offboard import offboard
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.database import moments
from sessions_ui.metrics.debt import Cause, Debt, debt
from sessions_ui.metrics.proof import proof_of
from tests.models import Act, Ending, EndReason, Session

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("it adds up everybody's")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NONE = timedelta(0)


@pytest.fixture
def noon() -> Any:
    """Time stands still at noon, so that yesterday is yesterday in every zone."""
    with time_machine.travel(datetime(2026, 11, 25, 12, 0), tick=False):
        yield timezone.now()


@pytest.fixture
def laptop(noon: datetime, user: Any, browser: Any) -> Session:
    """Signed in for a week."""
    browser().sign_in(user)
    Session.objects.update(signed_in_at=noon - 7 * DAY)
    return Session.objects.get()


def causes(found: Debt) -> dict[Cause, timedelta]:
    return found.by_cause()


def test_without_a_report_there_is_no_debt(laptop: Session, user: Any, noon: datetime) -> None:
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    found = debt(timezone.now())
    assert (found.seconds, found.total.sessions, found.by_reason, found.by_user) == (0, 0, {}, {})


def test_what_somebody_had_to_decide_is_manual(
    laptop: Session, user: Any, administrator: Any, noon: datetime
) -> None:
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, actor=administrator, happened_at=noon - 3 * DAY)
    found = debt(noon)
    assert causes(found) == {Cause.MANUAL: 3 * DAY, Cause.PARTIAL: NONE, Cause.DELAYED: NONE}
    assert found.seconds == 3 * 86400
    assert (found.total.sessions, found.total.living, found.total.longest) == (1, 0, 3 * DAY)


def test_what_a_program_reported_late_is_delayed(laptop: Session, user: Any, noon: datetime) -> None:
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, happened_at=noon - 3 * DAY)
    assert causes(debt(noon)) == {Cause.MANUAL: NONE, Cause.PARTIAL: NONE, Cause.DELAYED: 3 * DAY}


def test_it_begins_with_the_sign_in_where_that_was_later(
    laptop: Session, user: Any, administrator: Any, noon: datetime
) -> None:
    """Who left on Thursday and signed in on Saturday was in for two days until Monday."""
    Session.objects.update(signed_in_at=noon - 2 * DAY)
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, actor=administrator, happened_at=noon - 4 * DAY)
    assert debt(noon).total.total == 2 * DAY


def test_it_ends_where_the_session_was_out_of_time(laptop: Session, user: Any, noon: datetime) -> None:
    Session.objects.update(expires_at=noon - DAY)
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, happened_at=noon - 3 * DAY)
    assert debt(noon).total.total == 2 * DAY


def test_what_lived_on_after_the_report_is_partial(
    laptop: Session, user: Any, administrator: Any, noon: datetime
) -> None:
    """They stay signed in until the agreed date, and it is counted until now and no further."""
    offboard(user=user, ends_at=noon + DAY, happened_at=noon - DAY, actor=administrator)
    found = debt(noon + 2 * HOUR)
    assert causes(found) == {Cause.MANUAL: DAY, Cause.PARTIAL: 2 * HOUR, Cause.DELAYED: NONE}
    assert found.total.living == 1
    with time_machine.travel(noon + 5 * DAY, tick=False):
        end_unlawful()
        later = debt(timezone.now())
    assert causes(later) == {Cause.MANUAL: DAY, Cause.PARTIAL: DAY, Cause.DELAYED: NONE}
    assert later.total.living == 0


def test_a_batch_that_comes_late_is_delayed(
    laptop: Session, user: Any, administrator: Any, noon: datetime
) -> None:
    end_later(
        sessions=Session.objects.all(),
        reason=EndReason.INCIDENT,
        actor=administrator,
        happened_at=noon - DAY,
    )
    with time_machine.travel(noon + 2 * HOUR, tick=False):
        waiting = debt(timezone.now())
        assert (waiting.total.sessions, waiting.waiting.sessions) == (0, 1)
        assert waiting.seconds == (DAY + 2 * HOUR).total_seconds()
        end_batches()
        found = debt(timezone.now())
    assert found.waiting.sessions == 0
    assert causes(found) == {Cause.MANUAL: DAY, Cause.PARTIAL: NONE, Cause.DELAYED: 2 * HOUR}


def test_a_session_has_debt_once(laptop: Session, user: Any, administrator: Any, noon: datetime) -> None:
    for passed in (2 * DAY, 3 * DAY, DAY):
        end_user_sessions(
            user=user, reason=EndReason.OFFBOARDED, actor=administrator, happened_at=noon - passed
        )
    assert Act.objects.count() == 2  # the third says nothing new
    assert debt(noon).total.total == 3 * DAY


def test_by_reason_by_user_and_by_day(
    laptop: Session, user: Any, other_user: Any, browser: Any, administrator: Any, noon: datetime
) -> None:
    browser().sign_in(other_user)
    Session.objects.update(signed_in_at=noon - 7 * DAY)
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, actor=administrator, happened_at=noon - 2 * DAY)
    with time_machine.travel(noon - DAY, tick=False):
        end_user_sessions(
            user=other_user, reason=EndReason.HELP_DESK, actor=administrator, happened_at=noon - 6 * DAY
        )
    found = debt(noon, days=3)
    assert {reason: amount.total for reason, amount in found.by_reason.items()} == {
        EndReason.HELP_DESK: 5 * DAY,
        EndReason.OFFBOARDED: 2 * DAY,
    }
    assert [(pk, amount.total) for pk, amount in found.by_user.items()] == [
        (other_user.pk, 5 * DAY),
        (user.pk, 2 * DAY),
    ]
    today = moments.day_of(noon)
    assert {day: amount.total for day, amount in found.by_day.items()} == {
        today - 2 * DAY: NONE,
        today - DAY: 5 * DAY,
        today: 2 * DAY,
    }


def test_what_was_reported_before_the_first_day_is_left_out(
    laptop: Session, user: Any, noon: datetime
) -> None:
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, happened_at=noon - 2 * DAY)
    assert debt(noon + 2 * DAY, days=3).seconds > 0
    assert debt(noon + 2 * DAY, days=2).seconds == 0


def test_only_those_with_the_most_debt_are_named(
    laptop: Session, user: Any, noon: datetime, monkeypatch: pytest.MonkeyPatch, other_user: Any, browser: Any
) -> None:
    monkeypatch.setattr("sessions_ui.metrics.debt.PEOPLE", 1)
    browser().sign_in(other_user)
    Session.objects.update(signed_in_at=noon - 7 * DAY)
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, happened_at=noon - 2 * DAY)
    end_user_sessions(user=other_user, reason=EndReason.OFFBOARDED, happened_at=noon - 3 * DAY)
    assert list(debt(noon).by_user) == [other_user.pk]


@pytest.mark.parametrize("sessions", [1, 6])
def test_the_number_of_statements_is_fixed(
    sessions: int, user: Any, browser: Any, django_assert_num_queries: Any
) -> None:
    for _ in range(sessions):
        browser().sign_in(user)
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED, happened_at=timezone.now() - DAY)
    with django_assert_num_queries(5):
        found = debt(timezone.now())
    assert found.total.sessions == sessions


def test_one_session_alone_is_reported(laptop: Session, user: Any, browser: Any, noon: datetime) -> None:
    browser().sign_in(user)
    Session.objects.update(signed_in_at=noon - 7 * DAY)
    end_session(session=laptop, reason=EndReason.ADMINISTRATOR, happened_at=noon - DAY)
    assert debt(noon).total.sessions == 1


def test_a_large_sign_out_that_waits_is_counted_once_for_each_session(
    laptop: Session, user: Any, browser: Any, noon: datetime
) -> None:
    browser().sign_in(user)
    end_later(sessions=Session.objects.all(), reason=EndReason.INCIDENT)
    Ending.objects.update(created_at=noon - HOUR)
    found = debt(noon)
    assert (found.waiting.sessions, found.waiting.delayed) == (2, 2 * HOUR)


def test_the_statements_read_no_more_than_their_groups(laptop: Session, user: Any, noon: datetime) -> None:
    """All is added up by the database: none of them brings the sessions here."""
    with CaptureQueriesContext(connection) as queries:
        debt(noon)
    assert all("SUM(" in query["sql"] or "COUNT(" in query["sql"] for query in queries.captured_queries)


def test_an_incident_in_force_at_once_owes_nothing_for_the_time_until_its_sweep(
    laptop: Session, user: Any, noon: datetime
) -> None:
    """Its sessions are refused from the order on: only what was before that counts."""
    with time_machine.travel(noon, tick=False):
        order_incident(criteria=Criteria(everyone=True), note="leaked", happened_at=noon - HOUR)
        assert debt(timezone.now()).seconds == 0  # nothing waits that could still be used
    with time_machine.travel(noon + 3 * HOUR, tick=False):
        end_batches()
        found = debt(timezone.now())
    assert Session.objects.get().ended_at == moments.stored(noon + 3 * HOUR)
    assert (found.seconds, found.total.longest_after) == (3600, NONE)
    act = Act.objects.get()
    proof = proof_of(act)
    assert proof.in_force_at == Ending.objects.get().created_at and proof.containment == HOUR


def test_an_incident_in_force_at_once_without_an_earlier_moment_owes_nothing(
    laptop: Session, noon: datetime
) -> None:
    order_incident(criteria=Criteria(everyone=True), note="leaked")
    with time_machine.travel(noon + 3 * HOUR, tick=False):
        end_batches()
        assert debt(timezone.now()).seconds == 0
