"""Beginning and leaving it, called directly: what is written, and who may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import VerifiedAddress
from sessions_ui.actions.impersonation import begin_impersonation, end_impersonation, verify_may_impersonate
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.exceptions import ImpersonationRefused, SessionEnded
from tests.conftest import FIREFOX_ON_LINUX, LONDON, Browser
from tests.models import Delivery, EndReason, Event, Session, digest_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def origin(desk: Browser, support: Any) -> Session:
    return Session.objects.get(user=support)


@pytest.fixture
def begin(origin: Session, user: Any, support: Any) -> Callable[..., Session]:
    def make(**changes: Any) -> Session:
        client = client_of({"REMOTE_ADDR": LONDON, "HTTP_USER_AGENT": FIREFOX_ON_LINUX})
        given = {"origin": origin, "digest": "d", "user": user, "actor": support, "reason": "Your invoice"}
        return begin_impersonation(client=client, **{**given, **changes})

    return make


def test_everything_that_it_writes(
    begin: Callable[..., Session],
    origin: Session,
    user: Any,
    support: Any,
    hastened: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    before = timezone.now()
    with django_capture_on_commit_callbacks(execute=True):
        begin()
    session = Session.objects.get(digest="d")
    assert (session.user_id, session.impersonator_id, session.impersonated_from_id) == (
        user.pk,
        support.pk,
        origin.pk,
    )
    assert (session.backend, session.auth_hash) == (origin.backend, user.get_session_auth_hash())
    assert session.impersonation_reason == "Your invoice"
    assert session.signed_in_at is not None and session.signed_in_at >= before
    assert session.last_seen_at >= before and session.expires_at == session.signed_in_at + timedelta(hours=1)
    assert (session.address, session.user_agent) == (LONDON, FIREFOX_ON_LINUX)
    event = Event.objects.get(kind=Event.Kind.IMPERSONATED)
    assert (event.user_id, event.actor_id, event.session_id) == (user.pk, support.pk, session.pk)
    detail = (event.detail.text, event.detail.address, event.detail.user_agent)
    assert detail == ("Your invoice", LONDON, FIREFOX_ON_LINUX)
    (told,) = Delivery.objects.filter(event=event)
    assert (told.user_id, told.channel, told.receiver) == (user.pk, "mail", user.email)
    assert hastened == ["sessions_ui.tasks.sweep_deliveries"]


def test_an_impersonation_lasts_no_longer_than_the_own_session(
    begin: Callable[..., Session], origin: Session
) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    Session.objects.filter(pk=origin.pk).update(expires_at=soon)
    assert begin().expires_at == soon


def test_nobody_is_told_where_no_address_is_known(begin: Callable[..., Session], user: Any) -> None:
    type(user).objects.filter(pk=user.pk).update(email="")
    VerifiedAddress.objects.filter(user=user).delete()
    begin()
    assert not Delivery.objects.exists()


def test_an_impersonation_is_not_begun_where_the_event_cannot_be_written(
    begin: Callable[..., Session], request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("failing_events")
    with pytest.raises(DatabaseError):
        begin()
    assert not Session.objects.filter(digest="d").exists()


def test_both_accounts_are_locked_before_anything_is_written(
    begin: Callable[..., Session], user: Any, support: Any
) -> None:
    """In one statement, so that no two who do it at the same moment wait for each other."""
    with CaptureQueriesContext(connection) as queries:
        begin()
    done = [query["sql"] for query in queries if query["sql"].startswith(("SELECT", "INSERT", "UPDATE"))]
    assert done[0].startswith("SELECT") and "accounts_user" in done[0].split(" WHERE ")[0]
    asked = done[0].split(" WHERE ")[1]
    assert str(user.pk) in asked and str(support.pk) in asked and "ORDER BY" in asked


@pytest.mark.parametrize(
    "change",
    [
        {"ended_at": timezone.now(), "end_reason": EndReason.SIGNED_OUT},
        {"user_id": None},
    ],
    ids=["ended", "of nobody"],
)
def test_nobody_impersonates_from_a_session_that_is_over(
    change: dict[str, Any], begin: Callable[..., Session], origin: Session
) -> None:
    Session.objects.filter(pk=origin.pk).update(**change)
    with pytest.raises(SessionEnded):
        begin()
    assert not Session.objects.filter(digest="d").exists()


def refused(*args: Any) -> str:
    with pytest.raises(ImpersonationRefused) as error:
        verify_may_impersonate(*args)
    return error.value.reason


def changed(person: Any, **fields: Any) -> Any:
    for name, value in fields.items():
        setattr(person, name, value)
    return person


def test_who_may_use_whose_account(support: Any, user: Any, other_user: Any, agent: Any) -> None:
    verify_may_impersonate(support, user, "x")
    assert refused(None, user, "x") == "not_allowed"
    assert refused(other_user, user, "x") == "not_allowed"
    assert refused(support, None, "x") == "disabled"
    assert refused(support, support, "x") == "oneself"
    assert refused(support, user, "") == "no_reason"
    assert refused(support, changed(other_user, is_superuser=True), "x") == "more_rights"
    assert refused(support, changed(user, is_active=False), "x") == "disabled"


def test_a_staff_member_who_was_disabled_may_use_none(support: Any, user: Any) -> None:
    assert refused(changed(support, is_active=False), user, "x") == "not_allowed"


def test_whoever_may_do_it_too_is_no_less_for_that(support: Any, other_user: Any) -> None:
    other_user.user_permissions.add(Permission.objects.get(codename="impersonate"))
    verify_may_impersonate(support, type(other_user).objects.get(pk=other_user.pk), "x")


# --- Leaving


def test_leaving_renews_the_key_of_the_own_session_and_ends_the_other(
    begin: Callable[..., Session], origin: Session, user: Any, support: Any
) -> None:
    session = begin()
    long_ago = timezone.now() - timedelta(days=1)
    Session.objects.filter(pk=origin.pk).update(last_seen_at=long_ago)
    before = timezone.now()
    back = end_impersonation(session=session, key="the old key", new_key="the new key")
    assert back is not None and back.pk == origin.pk and back.user == support
    own, left = Session.objects.get(pk=origin.pk), Session.objects.get(pk=session.pk)
    assert (own.digest, own.previous_digest) == (digest_of("the new key"), digest_of("the old key"))
    assert own.rotated_at == own.last_seen_at and own.last_seen_at >= before
    assert own.ended_at is None
    assert (left.end_reason, left.ended_by_id) == (EndReason.SIGNED_OUT, support.pk)
    assert left.digest != "d", "the key leads to the own session now"


def test_leaving_locks_both_accounts_first(begin: Callable[..., Session], user: Any, support: Any) -> None:
    session = begin()
    with CaptureQueriesContext(connection) as queries:
        end_impersonation(session=session, key="the old key", new_key="the new key")
    done = [query["sql"] for query in queries if query["sql"].startswith(("SELECT", "INSERT", "UPDATE"))]
    asked = done[0].split(" WHERE ")[1]
    assert "accounts_user" in done[0] and "sessions_ui" not in done[0]
    assert str(user.pk) in asked and str(support.pk) in asked and "ORDER BY" in asked


def test_an_impersonation_is_not_left_by_half_where_the_event_cannot_be_written(
    begin: Callable[..., Session], origin: Session, request: pytest.FixtureRequest
) -> None:
    session = begin()
    before = list(Session.objects.order_by("pk").values())
    request.getfixturevalue("failing_inserts_of_events")
    with pytest.raises(DatabaseError):
        end_impersonation(session=session, key="the old key", new_key="the new key")
    assert list(Session.objects.order_by("pk").values()) == before


@pytest.fixture
def failing_inserts_of_events() -> Any:
    """Also those of many at once, which send no signal."""

    def fail(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith("INSERT INTO") and "sessions_ui_event" in sql:
            raise DatabaseError
        return execute(sql, *args)

    with connection.execute_wrapper(fail):
        yield
