"""A session that has ended while its request waited for the account decides nothing any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui import confirm_device, context, end_user_sessions, mark_found, rename_device, require_settled
from sessions_ui.actions.acting_session import hold_acting_session
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.recovery.steps import choose_password, remove_added
from sessions_ui.credentials import CredentialKind
from sessions_ui.exceptions import SessionEnded
from tests.aging import long_ago
from tests.models import Device, EndReason, Event, Recovery, Session

pytestmark = pytest.mark.django_db


@contextmanager
def acting(session: Session) -> Iterator[None]:
    store = SimpleNamespace(session_id=session.pk, user_id=session.user_id, impersonator_id=None)
    token = context.begin(context.Acting(store))
    try:
        yield
    finally:
        context.finish(token)


@pytest.fixture
def session(user: Any, browser: Any) -> Session:
    """Of somebody who is signed in on two devices; the other one is lost, and their account is being recovered."""
    for _ in range(2):
        browser().sign_in(user)
    long_ago(user)
    first, second = Session.objects.of(user).order_by("pk")
    Device.objects.filter(pk=second.device_id).update(lost_at=timezone.now())
    now = timezone.now()
    Recovery.objects.create(
        user_id=user.pk, since=now, expires_at=now + timedelta(days=1), needs_password=True
    )
    return Session.objects.select_related("device").get(pk=first.pk)


def other_device(session: Session) -> Device:
    return Device.objects.exclude(pk=session.device_id).get(user_id=session.user_id)


ACTS: dict[str, Callable[[Session, Any], Any]] = {
    "confirms a device": lambda session, user: confirm_device(
        device=other_device(session), actor=user, proof="mailed_code"
    ),
    "finds a device": lambda session, user: mark_found(device=other_device(session), actor=user),
    "renames a device": lambda session, user: rename_device(
        device=other_device(session), name="Mine", actor=user
    ),
    "chooses a password": lambda session, user: choose_password(
        recovery=Recovery.objects.get(user_id=user.pk), user=user, save=user.save
    ),
    "removes what was added": lambda session, user: remove_added(
        recovery=Recovery.objects.get(user_id=user.pk), user=user, chosen=()
    ),
    "changes a credential": lambda session, user: require_settled(user=user, kind=CredentialKind.TOTP),
}


def rows(user: Any) -> list[Any]:
    devices = Device.objects.filter(user_id=user.pk).order_by("pk")
    return [
        *devices.values_list("pk", "name", "lost_at", "confirmed_at"),
        *Recovery.objects.filter(user_id=user.pk).values_list(
            "pk", "password_at", "credentials_at", "closed_at"
        ),
        Event.objects.filter(user_id=user.pk).count(),
    ]


@pytest.mark.parametrize("name", ACTS)
def test_an_ended_session_does_nothing_of_this(name: str, session: Session, user: Any) -> None:
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE)
    before = rows(user)
    with acting(session), pytest.raises(SessionEnded) as refused:
        ACTS[name](session, user)
    assert refused.value.reason == EndReason.SIGNED_OUT_EVERYWHERE
    assert rows(user) == before


@pytest.mark.parametrize("name", ACTS)
def test_one_that_lives_does(name: str, session: Session, user: Any) -> None:
    with acting(session):
        ACTS[name](session, user)


def test_one_whose_row_is_gone_does_nothing_either(session: Session, user: Any) -> None:
    Session.objects.filter(pk=session.pk).delete()
    with acting(session), pytest.raises(SessionEnded):
        hold_acting_session(user.pk)


def test_outside_of_a_session_there_is_nothing_to_ask(user: Any) -> None:
    assert hold_acting_session(user.pk) is None


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_a_session_that_an_incident_has_ended_decides_nothing_before_its_row_says_so(
    act: Callable[[Session, Any], Any], session: Session, user: Any
) -> None:
    order_incident(criteria=Criteria(everyone=True), note="leaked")
    before = list(Device.objects.order_by("pk").values())
    with acting(session), pytest.raises(SessionEnded) as ended:
        act(session, user)
    assert ended.value.reason == EndReason.INCIDENT
    assert Session.objects.get(pk=session.pk).ended_at is None, "the worker has not come yet"
    assert list(Device.objects.order_by("pk").values()) == before
