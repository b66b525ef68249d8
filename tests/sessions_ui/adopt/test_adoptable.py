"""What is taken over of one old row, field by field, without any table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from sessions_ui.actions.adoption.adoptable import Draft, Skip, draft, session_from
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.adopt import SOURCES, OldSession
from sessions_ui.adopt.payload import encode
from tests.conftest import FIREFOX_ON_LINUX, LONDON
from tests.models import Session, digest_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def made(user: Any) -> Draft:
    """Saved an hour ago, good for ten days; nothing else is known."""
    old = OldSession(key="k" * 32, payload="", expires_at=NOW + 10 * DAY)
    return Draft(
        old=old,
        digest=digest_of(old.key),
        data={},
        saved_at=NOW - timedelta(hours=1),
        user_pk=user.pk,
        backend=django_settings.AUTHENTICATION_BACKENDS[0],
        auth_hash=user.get_session_auth_hash(),
        client=client_of({}),
    )


@pytest.fixture
def no_idle_timeout(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IDLE_TIMEOUT": None}


def session(made: Draft, user: Any, *, present: bool = False) -> Session:
    found = session_from(made, user, NOW, present, is_cut=False)
    assert isinstance(found, Session), found
    return found


def with_old(made: Draft, **fields: Any) -> Draft:
    return replace(made, old=replace(made.old, **fields))


def test_a_draft_keeps_what_fits_and_leaves_behind_who_was_signed_in() -> None:
    data = {
        SESSION_KEY: "7",
        BACKEND_SESSION_KEY: "b" * 300,
        HASH_SESSION_KEY: "h" * 300,
        "account_login": "a sign-in that waits",
        "cart": 3,
    }
    old = OldSession("k" * 32, encode(data), NOW, address=LONDON, user_agent=FIREFOX_ON_LINUX)
    found = draft(old, SOURCES["db"])
    assert isinstance(found, Draft)
    assert (found.user_pk, found.backend, found.auth_hash) == (7, "b" * 255, "h" * 128)
    assert (found.data, found.digest) == ({"cart": 3}, digest_of("k" * 32))
    assert (found.client.address, found.client.user_agent) == (LONDON, FIREFOX_ON_LINUX)
    assert found.client.place is not None and found.client.place.city == "London"


def test_a_draft_of_nobody_has_no_user() -> None:
    found = draft(OldSession("k" * 32, encode({"cart": 3}), NOW), SOURCES["db"])
    assert isinstance(found, Draft)
    assert (found.user_pk, found.backend, found.auth_hash, found.data) == (None, "", "", {"cart": 3})


def test_what_cannot_be_read_is_skipped() -> None:
    assert draft(OldSession("k" * 32, "nonsense", NOW), SOURCES["db"]) is Skip.UNREADABLE


@pytest.mark.parametrize(
    ("told", "last_login", "expected"),
    [
        (timedelta(days=-3), None, timedelta(days=-3)),
        (timedelta(days=-3), timedelta(days=-5), timedelta(days=-3)),
        (timedelta(days=3), None, timedelta(0)),
        (None, None, timedelta(hours=-1)),
        (None, timedelta(days=-5), timedelta(days=-5)),
        (None, timedelta(minutes=-5), timedelta(hours=-1)),
    ],
)
def test_an_adopted_session_is_signed_in_since_then_or_as_late_as_it_can_have_been(
    told: timedelta | None, last_login: timedelta | None, expected: timedelta, made: Draft, user: Any
) -> None:
    user.last_login = None if last_login is None else NOW + last_login
    found = session(with_old(made, signed_in_at=None if told is None else NOW + told), user)
    assert found.signed_in_at == NOW + expected
    assert found.device is not None and found.device.first_seen_at == found.signed_in_at


def test_a_session_that_was_saved_in_the_future_is_adopted_as_of_now(
    made: Draft, user: Any, no_idle_timeout: None
) -> None:
    """The clock of the old server was ahead."""
    found = session(replace(made, saved_at=NOW + DAY), user)
    assert (found.signed_in_at, found.last_seen_at) == (NOW, NOW)
    nobody = session(replace(made, saved_at=NOW + DAY, user_pk=None), None)
    assert nobody.last_seen_at == NOW


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (None, timedelta(hours=-1)),
        (timedelta(days=-2), timedelta(hours=-1)),
        (timedelta(minutes=-2), timedelta(minutes=-2)),
    ],
)
def test_an_adopted_session_was_used_last_when_anything_tells_of_a_use(
    seen: timedelta | None, expected: timedelta, made: Draft, user: Any, no_idle_timeout: None
) -> None:
    found = session(with_old(made, seen_at=None if seen is None else NOW + seen), user)
    assert found.last_seen_at == NOW + expected


def test_what_is_in_use_is_used_now(made: Draft, user: Any, no_idle_timeout: None) -> None:
    assert session(made, user, present=True).last_seen_at == NOW
    nobody = replace(made, user_pk=None)
    assert session(nobody, None, present=True).last_seen_at == NOW
    assert session(nobody, None).last_seen_at == NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, 3 * DAY - timedelta(hours=1)),
        ({"_session_expiry": 0}, timedelta(hours=11)),
        ({"_session_expiry": 9}, 3 * DAY - timedelta(hours=1)),
    ],
)
def test_an_adopted_session_ends_by_the_timeouts_that_count_from_its_sign_in(
    data: dict[str, int], expected: timedelta, made: Draft, user: Any, settings: Any
) -> None:
    timeouts = {"ABSOLUTE_TIMEOUT": 3 * DAY, "NOT_REMEMBERED_TIMEOUT": timedelta(hours=12)}
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **timeouts}
    assert session(replace(made, data=data), user).expires_at == NOW + expected
    soon = with_old(replace(made, data=data), expires_at=NOW + timedelta(hours=2))
    assert session(soon, user).expires_at == NOW + timedelta(hours=2)


def test_without_a_timeout_it_ends_as_promised(made: Draft, user: Any, settings: Any) -> None:
    none = {"ABSOLUTE_TIMEOUT": None, "NOT_REMEMBERED_TIMEOUT": None}
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, **none}
    forgetful = replace(made, data={"_session_expiry": 0})
    assert session(forgetful, user).expires_at == NOW + 10 * DAY


def test_what_is_known_of_the_client_is_on_session_and_device(made: Draft, user: Any) -> None:
    client = client_of({"REMOTE_ADDR": LONDON, "HTTP_USER_AGENT": FIREFOX_ON_LINUX})
    found = session(replace(made, client=client), user)
    assert (found.address, found.first_address) == (LONDON, LONDON)
    assert (found.user_agent, found.first_user_agent) == (FIREFOX_ON_LINUX, FIREFOX_ON_LINUX)
    assert found.place is not None and found.place["city"] == "London"
    assert found.first_place == found.place
    assert (found.browser_version, found.system_version) == ("145", "")
    device = found.device
    assert device is not None and device.user_id == user.pk
    described = (device.kind, device.maker, device.model, device.browser, device.system)
    assert described == ("computer", "", "", "Firefox", "Linux")


@pytest.mark.parametrize(
    ("fields", "skip"),
    [
        ({"backend": "gone.Backend"}, Skip.BACKEND),
        ({"auth_hash": "of another password"}, Skip.PASSWORD_CHANGED),
        ({"saved_at": NOW - 31 * DAY}, Skip.OUT_OF_TIME),
    ],
)
def test_what_a_request_would_be_refused_for_is_not_taken_over(
    fields: dict[str, Any], skip: Skip, made: Draft, user: Any
) -> None:
    assert session_from(replace(made, **fields), user, NOW, False, is_cut=False) is skip


def test_a_session_of_a_disabled_account_or_of_one_whose_sessions_were_all_ended_is_not_adopted(
    made: Draft, user: Any
) -> None:
    assert session_from(made, user, NOW, False, is_cut=True) is Skip.ENDED_SINCE
    nobody = session_from(replace(made, user_pk=None), None, NOW, False, is_cut=True)
    assert isinstance(nobody, Session)
    user.is_active = False
    assert session_from(made, user, NOW, False, is_cut=False) is Skip.USER_DISABLED
    assert session_from(made, None, NOW, False, is_cut=False) is Skip.USER_GONE
