""" "This wasn't me" ends what the other person has, and no more unless asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.devices.not_me import report_not_me
from tests.models import Act, Device, EndReason, Event, Session

pytestmark = pytest.mark.django_db


@pytest.fixture
def own(user: Any, browser: Any) -> Session:
    browser().force_login(user)
    return Session.objects.latest("pk")


@pytest.fixture
def theirs(own: Session, user: Any, browser: Any) -> Session:
    browser().force_login(user)
    return Session.objects.latest("pk")


def test_the_reported_session_ends_and_its_device_is_known_no_more(own: Session, theirs: Session) -> None:
    Device.objects.update(confirmed_at=timezone.now())
    Session.objects.filter(pk=theirs.pk).update(verdict="suspicious")
    receipt = report_not_me(session=theirs)
    assert receipt.ended == 1
    assert list(Session.objects.living()) == [own]
    theirs.refresh_from_db()
    assert theirs.end_reason == EndReason.NOT_ME and theirs.reviewed_at is not None
    device = Device.objects.get(pk=theirs.device_id)
    assert device.not_me_at is not None and device.confirmed_at is None
    assert Device.objects.get(pk=own.device_id).confirmed_at is not None
    event = Event.objects.get(kind=Event.Kind.NOT_ME)
    assert (event.session, event.device, event.act, event.actor_id) == (theirs, device, receipt.act, None)


def test_a_newer_sign_in_on_that_device_ends_too(own: Session, theirs: Session, user: Any) -> None:
    """Or a thief who signed in again would stay: the mail names the first sign-in."""
    report_not_me(session=theirs)
    again = Session.objects.create(
        user=user, device_id=theirs.device_id, digest="0" * 64, expires_at=own.expires_at
    )
    assert report_not_me(session=theirs).ended == 1
    again.refresh_from_db()
    assert again.end_reason == EndReason.NOT_ME


def test_everywhere_ends_all_in_one_act(own: Session, theirs: Session, other_user: Any, browser: Any) -> None:
    browser().force_login(other_user)
    assert report_not_me(session=theirs, everywhere=True).ended == 2
    assert Act.objects.count() == 1
    assert [session.user_id for session in Session.objects.living()] == [other_user.pk]


@pytest.mark.parametrize("same_device", [False, True])
def test_everywhere_keeps_the_one_that_asks_unless_it_is_on_that_device(
    same_device: bool, own: Session, theirs: Session, user: Any
) -> None:
    if same_device:
        Session.objects.filter(pk=own.pk).update(device_id=theirs.device_id)
    token = context.begin(
        context.Acting(SimpleNamespace(session_id=own.pk, user_id=user.pk, impersonator_id=None))
    )
    try:
        report_not_me(session=theirs, actor=user, everywhere=True)
    finally:
        context.finish(token)
    assert Session.objects.living().filter(pk=own.pk).exists() is not same_device


def test_the_reported_session_may_have_ended_already(own: Session, theirs: Session) -> None:
    report_not_me(session=theirs)
    receipt = report_not_me(session=theirs)
    assert (receipt.act, receipt.ended) == (None, 0)


def test_without_a_device_only_itself_ends(own: Session, theirs: Session) -> None:
    Session.objects.update(device=None)
    theirs.refresh_from_db()
    report_not_me(session=theirs)
    assert list(Session.objects.living()) == [own]
