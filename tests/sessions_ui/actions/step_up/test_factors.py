"""What a session keeps of what was shown in it, and which of that a thief of the sign-in cannot have."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from sessions_ui.actions.step_up.factors import aged_factors, append_shown, proves, shown_in
from sessions_ui.actions.step_up.reauthentication import note_reauthentication
from sessions_ui.assurance import MOST, Authentication, Step
from sessions_ui.database import moments
from tests.interleaving import just_before
from tests.models import Event, Session

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
APP = Authentication.of("totp", at=AT, credential="totp:1", step=Step.REAUTHENTICATION)


@pytest.fixture
def session(user: Any, browser: Any) -> Session:
    browser().force_login(user)
    return Session.objects.of(user).get()


def confirm(user: Any, session: Session, **options: Any) -> Event:
    named = {"method": "password", "succeeded": True, **options}
    return note_reauthentication(user=user, session_id=session.pk, **named)


def methods(session: Session) -> list[str]:
    return [one.method for one in shown_in(session.pk)]


def test_what_was_confirmed_is_added_to_this_session_and_no_other(
    session: Session, user: Any, browser: Any
) -> None:
    browser().force_login(user)
    confirm(user, session)
    confirm(user, session, shown=APP)
    assert methods(session) == ["password", "totp"]
    assert Session.objects.of(user).exclude(pk=session.pk).get().authentication is None


def test_what_was_not_confirmed_is_not_added(session: Session, user: Any) -> None:
    event = confirm(user, session, succeeded=False)
    assert (event.kind, event.data) == ("reauthentication_failed", {"method": "password"})
    assert methods(session) == []


def test_somebody_elses_confirmation_is_not_added(session: Session, other_user: Any) -> None:
    confirm(other_user, session)
    assert methods(session) == []


def test_nothing_is_added_to_a_session_that_has_ended_nor_to_one_of_support(
    session: Session, user: Any, browser: Any
) -> None:
    browser().force_login(user)
    support = Session.objects.latest("pk")
    Session.objects.filter(pk=support.pk).update(impersonated_from=session.pk)
    Session.objects.filter(pk=session.pk).update(ended_at=timezone.now())
    for one in (session, support):
        confirm(user, one)
        assert methods(one) == []


def test_a_confirmation_without_a_session_is_an_event_only(user: Any) -> None:
    event = note_reauthentication(user=user, session_id=None, succeeded=True, method="password")
    assert (event.session_id, event.data) == (None, {"method": "password"})


def test_nothing_is_added_where_the_event_cannot_be_written(
    session: Session, user: Any, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("failing_events")
    with pytest.raises(DatabaseError):
        confirm(user, session)
    assert methods(session) == []


def test_what_another_request_adds_at_the_same_moment_stays(session: Session, user: Any) -> None:
    with just_before("SELECT .+sessions_ui_session", lambda: confirm(user, session, shown=APP)):
        confirm(user, session)
    assert methods(session) == ["totp", "password"]


def test_what_is_kept_has_a_limit(session: Session, user: Any) -> None:
    first = Authentication.of("password", at=AT)
    Session.objects.update(authentication=[first.to_dict()])
    for _ in range(MOST + 1):
        append_shown(user=user, session_id=session.pk, shown=APP)
    assert methods(session) == ["password", *["totp"] * (MOST - 1)]


def test_of_two_ways_to_say_since_when_a_factor_is_there_both_are_kept(session: Session, user: Any) -> None:
    since = AT - 3 * DAY
    old = confirm(user, session, method="totp", since=since)
    new = confirm(user, session, method="", shown=replace(APP, since=since))
    assert old.data == {"method": "totp", "since": since.isoformat()}
    assert new.data == {**old.data, "credential": "totp:1"}
    assert [one.since for one in shown_in(session.pk)] == [since, since]
    assert {one.step for one in shown_in(session.pk)} == {Step.REAUTHENTICATION}


SIGNED_IN = AT - timedelta(hours=1)
ROW = moments.stored(SIGNED_IN)  # as the session has it


@pytest.mark.parametrize(
    ("since", "by_settled", "is_proof"),
    [
        (AT - DAY, False, True),
        (AT - DAY + timedelta(seconds=1), False, False),
        (AT - DAY + timedelta(seconds=1), True, True),
        (SIGNED_IN, True, True),
        (SIGNED_IN + timedelta(seconds=1), True, False),
        (None, False, False),
        (None, True, False),
    ],
)
def test_a_factor_proves_something_that_was_there_before_the_sign_in_and_is_old_or_set_up_by_the_owner(
    since: datetime | None, by_settled: bool, is_proof: bool
) -> None:
    assert proves(replace(APP, since=since, by_settled=by_settled), ROW) is is_proof


@pytest.mark.parametrize(
    ("method", "is_proof"),
    [
        ("totp", True),
        ("passkey", True),
        ("password", False),
        ("recovery_code", False),
        ("code", False),
        ("google", False),
    ],
)
def test_only_what_somebody_has_proves_something_and_no_recovery_code(method: str, is_proof: bool) -> None:
    assert proves(Authentication.of(method, at=AT, since=AT - 99 * DAY), ROW) is is_proof


@pytest.mark.parametrize(
    ("since", "by_settled", "signed_in_at", "is_let_in"),
    [
        (AT - DAY, False, AT, True),
        (AT - DAY, True, AT, True),
        (AT - DAY + timedelta(seconds=1), False, AT, False),
        (AT - DAY + timedelta(seconds=1), True, AT, False),
        (AT - DAY, False, AT - 2 * DAY, False),
        (AT - DAY, True, AT - 2 * DAY, True),
        (AT - DAY, False, None, False),
        (None, True, AT, False),
    ],
)
def test_an_aged_factor_is_a_day_old_whoever_has_set_it_up(
    since: datetime | None, by_settled: bool, signed_in_at: datetime | None, is_let_in: bool, session: Session
) -> None:
    shown = replace(APP, since=since, by_settled=by_settled)
    Session.objects.update(authentication=[shown.to_dict()])
    session.signed_in_at = signed_in_at and moments.stored(signed_in_at)
    assert aged_factors(session) == ([shown] if is_let_in else [])


def test_how_old_a_factor_has_to_be_is_a_setting(session: Session, settings: Any) -> None:
    shown = replace(APP, since=AT - timedelta(hours=2))
    assert not proves(shown, ROW)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "YOUNG_SESSION": timedelta(hours=2)}
    assert proves(shown, ROW)
