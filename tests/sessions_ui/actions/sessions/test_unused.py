"""Which sign-ins end because nobody uses them, and which months somebody may choose."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.sessions.unused import due, offered, to_tell
from sessions_ui.conf.endings import length_of, whole_months
from tests.models import AccountState, Session
from tests.unused import DAY, chose, let_them_last, unused_for

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _long_sign_ins(settings: Any, time_machine: Any) -> None:
    let_them_last(settings)
    time_machine.move_to(timezone.now(), tick=False)


def is_told(session: Session) -> bool:
    return to_tell(timezone.now()).filter(pk=session.pk).exists()


def is_due(session: Session) -> bool:
    return due(timezone.now()).filter(pk=session.pk).exists()


@pytest.mark.parametrize(("months", "days"), [(3, 92), (6, 183), (12, 365)])
def test_months_are_so_many_days_and_as_many_months_again(months: int, days: int) -> None:
    assert length_of(months) == days * DAY
    assert [whole_months((days - 1) * DAY), whole_months(days * DAY)] == [months - 1, months]


@pytest.mark.parametrize(("months", "days"), [(3, 92), (6, 183), (12, 365)])
def test_it_is_due_after_that_time_to_the_second(user: Any, months: int, days: int) -> None:
    chose(user, months)
    over = unused_for(user, days, told=7)
    almost = unused_for(user, days - 1 / 86_400, told=7)
    assert (is_due(over), is_due(almost)) == (True, False)


def test_nothing_is_due_for_whoever_chose_never(user: Any) -> None:
    chose(user, 0)
    session = unused_for(user, 380, told=8)
    assert (is_told(session), is_due(session)) == (False, False)


def test_as_shipped_nothing_is_due_for_whoever_chose_nothing(user: Any) -> None:
    session = unused_for(user, 380, told=8)
    assert AccountState.objects.get(user_id=user.pk).unused_months is None
    assert (is_told(session), is_due(session)) == (False, False)


@pytest.mark.no_bystander("what the site says holds for everybody")
@pytest.mark.parametrize("has_state", [True, False])
def test_the_time_of_the_site_holds_for_whoever_chose_nothing(
    user: Any, other_user: Any, settings: Any, has_state: bool
) -> None:
    let_them_last(settings, SIGN_OUT_UNUSED_MONTHS=3)
    session, of_another = unused_for(user, 93, told=8), unused_for(other_user, 93, told=8)
    chose(other_user, 12)
    if not has_state:
        AccountState.objects.filter(user_id=user.pk).delete()
    assert (is_due(session), is_due(of_another)) == (True, False)


@pytest.mark.parametrize(
    ("told", "expected"), [(None, False), (6.99, False), (7, True), (30, False)], ids=str
)
def test_nothing_is_due_that_was_not_told_of_a_week_ago_for_this_very_time(
    user: Any, told: float | None, expected: bool
) -> None:
    """30 days ago it had been used for the last time 63 days before: that was another time, before another use."""
    chose(user, 3)
    assert is_due(unused_for(user, 93, told=told)) is expected


@pytest.mark.parametrize(("days", "expected"), [(85, True), (84.99, False)])
def test_it_is_told_of_a_week_ahead(user: Any, days: float, expected: bool) -> None:
    chose(user, 3)
    assert is_told(unused_for(user, days)) is expected


def test_it_is_told_of_once(user: Any) -> None:
    chose(user, 3)
    assert not is_told(unused_for(user, 90, told=5))


def test_and_again_when_it_was_used_since(user: Any) -> None:
    chose(user, 3)
    assert is_told(unused_for(user, 86, told=90))


def test_and_again_when_its_owner_chose_more_months_since(user: Any) -> None:
    chose(user, 3)
    session = unused_for(user, 180, told=90)
    assert not is_told(session)
    chose(user, 6)
    assert is_told(session) and not is_due(session)


def test_what_runs_out_within_that_week_is_not_told_of(user: Any) -> None:
    chose(user, 3)
    now = timezone.now()
    session = unused_for(user, 90)
    for left, expected in ((7 * DAY, False), (7 * DAY + timedelta(seconds=1), True)):
        Session.objects.filter(pk=session.pk).update(expires_at=now + left)
        assert is_told(session) is expected


@pytest.mark.parametrize(("kind", "expected"), [("browser", True), ("app", True), ("token", False)])
def test_browsers_and_apps_end_and_access_tokens_do_not(user: Any, kind: str, expected: bool) -> None:
    chose(user, 3)
    assert is_due(unused_for(user, 93, told=8, kind=kind)) is expected
    assert is_told(unused_for(user, 93, kind=kind)) is expected


def test_what_staff_does_in_the_account_is_left_alone(user: Any) -> None:
    chose(user, 3)
    origin = unused_for(user, 1)
    assert not is_due(unused_for(user, 93, told=8, impersonated_from=origin))


@pytest.mark.parametrize("fields", [{"ended_at": timezone.now()}, {"expires_at": timezone.now() - DAY}])
def test_what_is_over_is_left_alone(user: Any, fields: dict[str, Any]) -> None:
    chose(user, 3)
    session = unused_for(user, 93, told=8)
    Session.objects.filter(pk=session.pk).update(**fields)
    assert not is_due(session)


@pytest.mark.parametrize("name", ["IDLE_TIMEOUT", "ABSOLUTE_TIMEOUT"])
def test_what_a_time_limit_of_the_site_has_ended_has_that_reason(user: Any, settings: Any, name: str) -> None:
    let_them_last(settings, **{name: 90 * DAY})
    chose(user, 3)
    session = unused_for(user, 93, told=8)
    assert (is_told(session), is_due(session)) == (False, False)


@pytest.mark.parametrize(
    ("days", "expected"), [(92, []), (93, [3]), (183, [3]), (184, [3, 6]), (365, [3, 6]), (366, [3, 6, 12])]
)
@pytest.mark.parametrize("name", ["IDLE_TIMEOUT", "ABSOLUTE_TIMEOUT"])
def test_only_what_can_come_about_is_offered(
    user: Any, settings: Any, name: str, days: int, expected: list[int]
) -> None:
    let_them_last(settings, **{name: days * DAY})
    assert offered(user) == expected


def test_a_cookie_that_is_gone_before_is_a_limit_too(user: Any, settings: Any) -> None:
    assert offered(user) == [3, 6, 12]
    settings.SESSION_COOKIE_AGE = 100 * 24 * 3600
    assert offered(user) == [3]


def test_a_limit_of_this_user_counts_for_this_user(user: Any, other_user: Any, settings: Any) -> None:
    let_them_last(settings, IDLE_TIMEOUT=lambda person: 200 * DAY if person.pk == user.pk else None)
    assert (offered(user), offered(other_user)) == ([3, 6], [3, 6, 12])
