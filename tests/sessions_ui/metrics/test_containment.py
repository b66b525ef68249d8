"""Time to containment: the longest that anything lived after what had to end it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.offboard import offboard
from sessions_ui.metrics.containment import Containment, Demand, containment
from sessions_ui.metrics.debt import debt
from tests.models import EndReason, Session

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("it adds up everybody's")]
DAY = timedelta(days=1)


def of(demand: Demand) -> Containment:
    [found] = [each for each in containment(debt(timezone.now())) if each.demand is demand]
    return found


def test_what_has_not_happened_is_none(db: None) -> None:
    assert containment(debt(timezone.now())) == [Containment(demand) for demand in Demand]


def test_a_reset_is_contained_at_once(user: Any, browser: Any) -> None:
    for _ in range(2):
        browser().sign_in(user)
    end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
    assert of(Demand.RESET) == Containment(Demand.RESET, acts=1, sessions=2)


def test_a_late_report_takes_as_long_as_it_was_late(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    Session.objects.update(signed_in_at=timezone.now() - 9 * DAY)
    offboard(user=user, ends_at=timezone.now() - 3 * DAY)
    found = of(Demand.LEAVER)
    assert (found.acts, found.sessions, found.living) == (1, 1, 0)
    assert found.longest.total_seconds() == pytest.approx(3 * 86400, abs=60)
    assert found.longest_from_report == timedelta(0)


def test_what_lives_on_is_not_contained_yet(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    now = timezone.now()
    Session.objects.update(signed_in_at=now - 9 * DAY)
    offboard(user=user, ends_at=now + DAY, happened_at=now - DAY)
    assert of(Demand.LEAVER).living == 1


def test_a_sign_out_by_the_person_is_none_of_these(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE)
    assert sum(each.acts for each in containment(debt(timezone.now()))) == 0


def test_one_statement(db: None, django_assert_num_queries: Any) -> None:
    found = debt(timezone.now())
    with django_assert_num_queries(1):
        containment(found)
