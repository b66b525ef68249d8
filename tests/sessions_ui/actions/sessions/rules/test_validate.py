"""Whether a session answers as its user, decided by what its row says: to the second, and of its own user."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from sessions_ui.actions.sessions.activity import is_due
from sessions_ui.actions.sessions.rules.timeouts import out_of_time
from sessions_ui.actions.sessions.rules.validate import admit, find_origin, straggles
from sessions_ui.database import moments
from sessions_ui.models.session import ACCOUNT_WAS_OFF
from tests.models import EndReason, Session

NOW = moments.stored(datetime(2026, 11, 28, 12, tzinfo=UTC))
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _timeouts(settings: Any) -> None:
    timeouts = {"IDLE_TIMEOUT": DAY, "ABSOLUTE_TIMEOUT": 3 * DAY, "ROTATION_GRACE": timedelta(minutes=1)}
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **timeouts, "LAST_SEEN_EVERY": timedelta(minutes=1)}


def row(**fields: Any) -> Session:
    living = {"signed_in_at": NOW, "last_seen_at": NOW, "expires_at": NOW + 30 * DAY}
    return Session(**{**living, **fields})


@pytest.mark.control("ASVS 7.3.1", "ASVS 7.3.2")
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, None),
        ({"signed_in_at": NOW - 3 * DAY + SECOND}, None),
        ({"signed_in_at": NOW - 3 * DAY}, "absolute_timeout"),
        ({"signed_in_at": None}, None),
        ({"last_seen_at": NOW - DAY + SECOND}, None),
        ({"last_seen_at": NOW - DAY}, "idle_timeout"),
        ({"expires_at": NOW + SECOND}, None),
        ({"expires_at": NOW}, "idle_timeout"),
        ({"expires_at": NOW, "latest_end_at": NOW}, "offboarded"),
        ({"expires_at": NOW, "latest_end_at": NOW + SECOND}, "idle_timeout"),
        ({"expires_at": NOW + SECOND, "latest_end_at": NOW}, None),
        ({"signed_in_at": NOW - 3 * DAY, "expires_at": NOW, "latest_end_at": NOW}, "absolute_timeout"),
    ],
)
def test_a_session_is_out_of_time_at_the_second(fields: dict[str, Any], reason: str | None) -> None:
    assert out_of_time(row(**fields), None, NOW) == reason


@pytest.mark.parametrize(("name", "column"), [("IDLE", "last_seen_at"), ("ABSOLUTE", "signed_in_at")])
def test_without_that_timeout_it_is_not(name: str, column: str, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, f"{name}_TIMEOUT": None}
    assert out_of_time(row(**{column: NOW - 900 * DAY}), None, NOW) is None


@pytest.mark.parametrize(("expires_at", "reason"), [(NOW + SECOND, None), (NOW, "idle_timeout")])
def test_an_anonymous_session_expires_at_the_second(expires_at: datetime, reason: str | None) -> None:
    admission = admit(row(expires_at=expires_at, signed_in_at=None), NOW)
    assert admission.refused == reason and not admission.user.is_authenticated


@pytest.mark.parametrize(
    ("fields", "late"),
    [
        ({"rotated_at": NOW}, True),
        ({"rotated_at": NOW - timedelta(seconds=59)}, True),
        ({"rotated_at": NOW - timedelta(seconds=60)}, False),
        ({"rotated_at": None}, False),
        ({"rotated_at": NOW, "ended_at": NOW}, False),
    ],
)
def test_whoever_has_the_key_of_a_minute_ago_is_late(fields: dict[str, Any], late: bool) -> None:
    assert straggles(row(**fields), NOW) is late


@pytest.mark.parametrize(("seconds", "due"), [(59, False), (60, True)])
def test_last_seen_is_due_after_a_minute(seconds: int, due: bool) -> None:
    assert is_due(row(last_seen_at=NOW - timedelta(seconds=seconds)), NOW) is due


# --- Whose it is


@pytest.fixture
def session(user: Any, other_user: Any, browser: Any) -> Session:
    """As it is found without its user: where users are in another database. Somebody else was there first."""
    for person in (other_user, user):
        browser().force_login(person)
    return Session.objects.of(user).get()


def refused(session: Session) -> str | None:
    fresh = Session.objects.get(pk=session.pk)
    reason = admit(fresh, fresh.last_seen_at).refused
    return None if reason is None else str(reason)


@pytest.mark.django_db
def test_a_session_answers_as_its_own_user(session: Session, user: Any) -> None:
    admission = admit(session, session.last_seen_at)
    assert (admission.refused, admission.user, admission.new_hash) == (None, user, "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"auth_hash": ""}, "password_changed"),
        ({"auth_hash": "of another password"}, "password_changed"),
        ({"auth_hash": ACCOUNT_WAS_OFF}, "account_disabled"),
        ({"user_id": 10**9}, "account_disabled"),
        ({"ended_at": NOW, "end_reason": "not_me"}, "not_me"),
    ],
)
def test_a_session_is_refused_for_what_its_row_says(
    fields: dict[str, Any], reason: str, session: Session
) -> None:
    Session.objects.filter(pk=session.pk).update(**fields)
    assert refused(session) == reason


@pytest.mark.django_db
def test_a_session_is_refused_where_its_own_user_is_disabled(
    session: Session, user: Any, other_user: Any
) -> None:
    get_user_model().objects.filter(pk=other_user.pk).update(is_active=False)
    assert refused(session) is None
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    assert refused(session) == EndReason.ACCOUNT_DISABLED


@pytest.mark.django_db
def test_under_a_backend_that_is_gone_it_is_nobodys(session: Session, settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.RemoteUserBackend"]
    admission = admit(session, session.last_seen_at)
    assert admission.refused is None and not admission.user.is_authenticated


@pytest.mark.django_db
def test_a_hash_of_an_older_secret_is_renewed(session: Session, user: Any, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another one"
    admission = admit(session, session.last_seen_at)
    assert (admission.refused, admission.user) == (None, user)
    assert admission.new_hash == user.get_session_auth_hash() != session.auth_hash


@pytest.mark.django_db
def test_the_session_of_origin_is_the_one_that_is_named(session: Session, user: Any) -> None:
    used = row(impersonated_from=session)
    found = find_origin(used, session.last_seen_at)
    assert found is not None and (found.pk, found.user) == (session.pk, user)
    Session.objects.filter(pk=session.pk).update(backend="gone.Backend")
    assert find_origin(used, session.last_seen_at) is None
    Session.objects.filter(pk=session.pk).update(backend=session.backend, ended_at=NOW, end_reason="not_me")
    assert find_origin(used, session.last_seen_at) is None
    assert find_origin(row(impersonated_from_id=10**9), NOW) is None
