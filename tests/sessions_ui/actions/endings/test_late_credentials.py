"""A credential that another package makes while the account's tokens end is not good afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models.signals import post_save
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.receivers import watch_credentials
from tests.keys import Keys, Unwilling, bridged, keys_of, make_keys
from tests.models import EndReason, Event, Session

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _watched(settings: Any) -> Iterator[None]:
    bridged(settings, Keys)
    watch_credentials(Keys())
    yield
    assert post_save.disconnect(sender=LogEntry, dispatch_uid="sessions_ui.bridges.keys")


@contextmanager
def a_request(*, began: float = 0.0) -> Iterator[None]:
    """`began`: that many seconds ago."""
    acting = context.Acting()
    acting.began = time.monotonic() - began
    token = context.begin(acting)
    try:
        yield
    finally:
        context.finish(token)


def test_what_a_request_makes_that_began_before_the_end_is_ended(user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
    with a_request(began=60):
        make_keys(user)
    assert keys_of(user) == 0
    event = Event.objects.get(kind=Event.Kind.CREDENTIALS_ENDED)
    assert (event.reason, event.data) == ("password_reset", {"package": "keys", "count": 1})


def test_what_a_request_makes_that_began_after_it_stays(user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
    time.sleep(0.05)
    with a_request():
        make_keys(user)
    assert keys_of(user) == 1


def test_a_request_that_ended_them_itself_may_make_new_ones(user: Any) -> None:
    with a_request(began=60):
        end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
        make_keys(user)
    assert keys_of(user) == 1


def test_a_decision_that_leaves_tokens_leaves_what_is_under_way(user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE)
    with a_request(began=60):
        make_keys(user)
    assert keys_of(user) == 1


def test_a_later_decision_that_leaves_tokens_brings_none_back(user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE)
    with a_request(began=60):
        make_keys(user)
    assert keys_of(user) == 0
    assert Event.objects.get(kind=Event.Kind.CREDENTIALS_ENDED).reason == "password_reset"


def test_what_somebody_has_said_counts_as_the_reason_does(user: Any, other_user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.PASSWORD_CHANGED, tokens=True)
    end_user_sessions(user=other_user, reason=EndReason.ADMINISTRATOR, tokens=False)
    with a_request(began=60):
        make_keys(user)
        make_keys(other_user)
    assert (keys_of(user), keys_of(other_user)) == (0, 1)


def test_the_agreed_end_of_access_counts(user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED)
    with a_request(began=60):
        make_keys(user)
    assert keys_of(user) == 0


def test_what_a_service_account_is_given_while_its_owner_leaves_is_ended(user: Any, other_user: Any) -> None:
    robot = type(user).objects.create_user(email="robot@people.example")
    another = type(user).objects.create_user(email="another-robot@people.example")
    make_service_account(user=robot, owner=user)
    make_service_account(user=another, owner=other_user)
    end_user_sessions(user=user, reason=EndReason.ACCOUNT_DISABLED)
    with a_request(began=60):
        make_keys(robot)
        make_keys(another)
    assert (keys_of(robot), keys_of(another)) == (0, 1)


@pytest.mark.no_bystander("an incident about everyone")
@pytest.mark.parametrize(
    ("about", "is_staff", "stays"),
    [
        ({"everyone": True}, False, False),
        ({"staff": True}, True, False),
        ({"staff": True}, False, True),
        ({"before": timezone.now()}, True, True),
    ],
)
def test_an_incident_that_is_in_force_at_once_counts(
    user: Any, about: dict[str, Any], is_staff: bool, stays: bool
) -> None:
    user.is_staff = is_staff
    user.save()
    order_incident(criteria=Criteria(**about), note="the cookies leaked")
    with a_request(began=60):
        make_keys(user)
    assert (keys_of(user) == 1) is stays


def test_a_batch_counts_from_the_moment_it_was_decided(user: Any, other_user: Any) -> None:
    end_later(
        sessions=Session.objects.filter(user=user),
        reason=EndReason.ADMINISTRATOR,
        of_users=type(user).objects.filter(pk=user.pk),
        unadopted=True,
    )
    with a_request(began=60):
        make_keys(user)
        make_keys(other_user)
    assert (keys_of(user), keys_of(other_user)) == (0, 1)


def test_somebody_elses_decision_is_nobodys(user: Any, other_user: Any) -> None:
    end_user_sessions(user=other_user, reason=EndReason.PASSWORD_RESET)
    with a_request(began=60):
        make_keys(user)
    assert keys_of(user) == 1


def test_outside_of_a_request_nothing_is_asked(user: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        make_keys(user)


def test_a_bridge_that_cannot_be_watched_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Unwatched(Unwilling):
        def models(self) -> Any:
            raise LookupError("no such model")

    watch_credentials(Unwatched())
    assert "cannot be watched: LookupError" in caplog.text
