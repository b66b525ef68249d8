"""A credential that another package makes while the account's tokens end is not good afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models.signals import post_save
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.endings.bridged.let_in import may_sign_in
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.recovery.open import open_recovery
from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.receivers import watch_credentials
from tests.keys import Keys, Unwilling, bridged, keys_of, make_keys
from tests.models import AccountState, EndReason, Event, Recovery, ServiceAccount, Session

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


def require_another_password(user: Any) -> None:
    require_new_password(user=user, reason=EndReason.HELP_DESK, actor=None)


def recover(user: Any) -> None:
    open_recovery(user=user, since=timezone.now(), opened_by=Recovery.OpenedBy.HELP_DESK)


def leave(user: Any) -> None:
    AccountState.objects.write([user.pk], ends_at=timezone.now())


def disable(user: Any) -> None:
    type(user).objects.filter(pk=user.pk).update(is_active=False)


def orphan(user: Any) -> None:
    ServiceAccount.objects.create(user=user, owner_id=None, orphaned_at=timezone.now())


SHUT_OUT = {
    disable: EndReason.ACCOUNT_DISABLED,
    leave: EndReason.OFFBOARDED,
    require_another_password: EndReason.PASSWORD_REQUIRED,
    recover: EndReason.PASSWORD_REQUIRED,
    orphan: EndReason.OWNER_ENDED,
}


@pytest.mark.parametrize("shut_out", SHUT_OUT, ids=lambda function: function.__name__)
def test_a_later_request_lets_nobody_in_to_an_account_that_is_shut(
    shut_out: Any, user: Any, other_user: Any
) -> None:
    make_keys(other_user)
    shut_out(user)
    time.sleep(0.05)
    assert not may_sign_in(user)
    with a_request():
        make_keys(user)
    assert (keys_of(user), keys_of(other_user)) == (0, 1)
    event = Event.objects.filter(kind=Event.Kind.CREDENTIALS_ENDED).latest("pk")
    assert (event.user_id, event.reason) == (user.pk, SHUT_OUT[shut_out])


def test_an_account_that_is_open_is_let_in(user: Any, other_user: Any) -> None:
    make_service_account(user=user, owner=other_user)
    time.sleep(0.05)
    assert may_sign_in(user) and may_sign_in(other_user) and not may_sign_in(None)
    with a_request():
        make_keys(user)
    assert keys_of(user) == 1


def test_somebody_who_is_gone_is_not(user: Any) -> None:
    key = user.pk
    user.delete()
    user.pk = key
    assert not may_sign_in(user)


@pytest.mark.parametrize("shut_out", [require_another_password, recover])
def test_who_uses_the_account_already_has_shown_no_void_password(shut_out: Any, user: Any) -> None:
    shut_out(user)
    time.sleep(0.05)
    acting = context.Acting(SimpleNamespace(session_id=1, user_id=user.pk, impersonator_id=None))
    token = context.begin(acting)
    try:
        make_keys(user)
    finally:
        context.finish(token)
    assert keys_of(user) == 1


def test_with_the_new_password_the_account_is_open_again(user: Any) -> None:
    require_another_password(user)
    user.set_password("correct battery, another one")
    user.save()
    assert may_sign_in(user)


@pytest.mark.no_bystander("the sweep is about everybody")
def test_the_sweep_ends_what_was_made_where_nobody_was_told(user: Any, other_user: Any) -> None:
    require_another_password(user)
    make_keys(user)
    make_keys(other_user)
    end_unlawful()
    assert (keys_of(user), keys_of(other_user)) == (0, 1)
    assert Event.objects.filter(kind=Event.Kind.CREDENTIALS_ENDED).latest("pk").reason == "password_required"


@pytest.mark.no_bystander("the sweep is about everybody")
def test_it_leaves_what_somebody_is_given_who_recovers_the_account(user: Any) -> None:
    recover(user)
    make_keys(user)
    end_unlawful()
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
