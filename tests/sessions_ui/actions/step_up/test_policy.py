"""Which session vouches for itself: settled, as docs/risk.md defines it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.step_up.policy import is_settled, settled_device_elsewhere
from sessions_ui.conf import conf
from sessions_ui.models.fields import new_public_id
from tests.models import Device, Session, digest_of

pytestmark = pytest.mark.django_db

YOUNG = timedelta(hours=24)
HOUR = timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def signed_in(device: Device, at: datetime, **fields: Any) -> Session:
    return Session.objects.create(
        user_id=device.user_id,
        device=device,
        digest=digest_of(new_public_id()),
        signed_in_at=at,
        expires_at=timezone.now() + timedelta(days=9),
        **fields,
    )


@pytest.fixture
def first(user: Any, now: datetime) -> Device:
    """The device that the account began on, a week ago."""
    return Device.objects.create(
        user=user, name="First", first_seen_at=now - timedelta(days=7), from_start=True
    )


@pytest.fixture
def second(user: Any, first: Device, now: datetime) -> Device:
    return Device.objects.create(user=user, name="Second", first_seen_at=now - timedelta(days=6))


def test_the_setting_is_a_day() -> None:
    assert conf.young_session == YOUNG


def test_the_only_device_is_settled_from_the_first_moment(user: Any, now: datetime) -> None:
    device = Device.objects.create(user=user, first_seen_at=now, from_start=True)
    assert is_settled(signed_in(device, now), now)


@pytest.mark.parametrize("age", [timedelta(0), YOUNG, timedelta(days=400)])
def test_the_first_device_that_is_known_of_an_older_account_is_settled_once_it_is_confirmed(
    age: timedelta, user: Any, now: datetime
) -> None:
    device = Device.objects.create(user=user, first_seen_at=now - age)
    session = signed_in(device, now - age)
    assert not is_settled(session, now)
    session.device = device
    device.confirmed_at = now - YOUNG
    assert is_settled(session, now)


def test_the_device_that_an_account_began_on_vouches_though_another_was_seen_before(
    user: Any, now: datetime
) -> None:
    """A session that was adopted after somebody else has signed in here: when it began, nobody may know."""
    stranger = Device.objects.create(user=user, first_seen_at=now - timedelta(days=9))
    adopted = Device.objects.create(user=user, first_seen_at=now - timedelta(days=3), from_start=True)
    assert is_settled(signed_in(adopted, now - timedelta(days=3)), now)
    assert not is_settled(signed_in(stranger, now - timedelta(days=9)), now)


@pytest.mark.parametrize(("age", "settled"), [(YOUNG, True), (YOUNG - timedelta(seconds=1), False)])
def test_once_there_is_a_second_device_the_first_has_to_be_a_day_old(
    age: timedelta, settled: bool, user: Any, now: datetime
) -> None:
    device = Device.objects.create(user=user, first_seen_at=now - age, from_start=True)
    Device.objects.create(user=user, first_seen_at=now)
    assert is_settled(signed_in(device, now), now) is settled


def test_a_second_device_that_nobody_confirmed_never_settles(second: Device, now: datetime) -> None:
    assert not is_settled(signed_in(second, now - timedelta(days=6)), now)


@pytest.mark.parametrize(
    ("session", "confirmed", "settled"),
    [
        (YOUNG, HOUR, True),
        (HOUR, YOUNG, True),
        (YOUNG - timedelta(seconds=1), YOUNG - timedelta(seconds=1), False),
    ],
)
def test_a_confirmed_device_is_settled_once_it_or_its_session_is_a_day_old(
    session: timedelta, confirmed: timedelta, settled: bool, second: Device, now: datetime
) -> None:
    second.confirmed_at = now - confirmed
    second.save()
    assert is_settled(signed_in(second, now - session), now) is settled


def test_confirming_the_only_device_makes_it_settled_no_earlier(user: Any, now: datetime) -> None:
    """Whoever confirms has shown something; a device of a minute ago is confirmed by a thief of the mail, too."""
    device = Device.objects.create(user=user, first_seen_at=now, confirmed_at=now)
    assert not is_settled(signed_in(device, now), now)


def test_after_a_report_the_first_device_vouches_for_nothing_unless_it_is_confirmed(
    first: Device, second: Device, now: datetime
) -> None:
    session = signed_in(first, now - timedelta(days=7))
    assert is_settled(session, now)
    Device.objects.filter(pk=second.pk).update(not_me_at=now)
    assert not is_settled(session, now)
    first.confirmed_at = now - timedelta(days=2)
    first.save()
    assert is_settled(Session.objects.get(pk=session.pk), now)


@pytest.mark.parametrize("doubt", ["lost_at", "copied_at", "not_me_at"])
def test_a_first_device_in_doubt_vouches_for_nothing(doubt: str, first: Device, now: datetime) -> None:
    session = signed_in(first, now - timedelta(days=7))
    setattr(first, doubt, now)
    assert not is_settled(session, now)


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_sign_in_that_needs_a_look_is_not_settled(confirmed: bool, first: Device, now: datetime) -> None:
    """It may be a copy of the device's cookie."""
    first.confirmed_at = now - timedelta(days=5) if confirmed else None
    session = signed_in(first, now - timedelta(days=2), verdict="suspicious")
    assert not is_settled(session, now)
    session.reviewed_at = now
    assert is_settled(session, now)


def test_a_session_without_a_device_or_a_sign_in_is_not_settled(first: Device, now: datetime) -> None:
    session = signed_in(first, now - timedelta(days=7))
    session.device = None
    assert not is_settled(session, now)
    session.device, session.signed_in_at = first, None
    assert not is_settled(session, now)


def test_the_first_device_of_somebody_else_is_not_the_accounts(
    second: Device, other_user: Any, now: datetime
) -> None:
    Device.objects.create(user=other_user, first_seen_at=now - timedelta(days=90), not_me_at=now)
    device = Device.objects.create(user=other_user, first_seen_at=now - timedelta(days=89))
    assert not is_settled(signed_in(device, now - timedelta(days=89)), now)


def test_the_settled_device_elsewhere_is_the_one_used_last(
    first: Device, second: Device, user: Any, now: datetime
) -> None:
    third = Device.objects.create(user=user)
    here = signed_in(third, now)
    assert settled_device_elsewhere(here) is None
    signed_in(first, now - timedelta(days=7), last_seen_at=now - HOUR)
    assert settled_device_elsewhere(here) == first
    signed_in(second, now - timedelta(days=6), last_seen_at=now)
    assert settled_device_elsewhere(here) == first
    Device.objects.filter(pk=second.pk).update(confirmed_at=now)
    assert settled_device_elsewhere(here) == second
    Session.objects.filter(device=second).update(verdict="suspicious")
    assert settled_device_elsewhere(here) == first
    Session.objects.filter(device=first).update(ended_at=now)
    assert settled_device_elsewhere(here) is None
