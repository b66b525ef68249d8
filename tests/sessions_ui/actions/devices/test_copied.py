"""What becomes of a device whose cookie was copied."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.devices.confirm import confirm_device
from sessions_ui.actions.devices.copied import mark_copied
from tests.models import Device, Session

pytestmark = pytest.mark.django_db


@pytest.fixture
def device(user: Any, browser: Any) -> Device:
    """Confirmed long ago."""
    browser().sign_in(user)
    device = Device.objects.get()
    Device.objects.update(confirmed_at=timezone.now() - timedelta(days=9))
    return device


def test_the_confirmation_of_a_copied_device_is_void_and_can_be_given_again(
    user: Any, device: Device
) -> None:
    mark_copied(device)
    device.refresh_from_db()
    assert device.copied_at is not None and device.confirmed_at is None
    assert confirm_device(device=device, actor=user, proof="factor")
    device.refresh_from_db()
    assert device.confirmed_at is not None and device.confirmed_at > device.copied_at
    first = device.copied_at
    mark_copied(device)
    device.refresh_from_db()
    assert device.copied_at > first and device.confirmed_at is None, "another copy is another doubt"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, ("suspicious", ["copied_cookie"])),
        ({"verdict": "new", "verdict_reasons": ["new_device"]}, ("new", ["new_device"])),
        (
            {"verdict": "new", "verdict_reasons": ["new_device"], "reviewed_at": timezone.now()},
            ("suspicious", ["copied_cookie"]),
        ),
    ],
    ids=["ordinary", "flagged", "flagged and reviewed"],
)
def test_who_is_signed_in_there_needs_a_look_and_goes_on(
    before: dict[str, Any], after: tuple[str, list[str]], device: Device
) -> None:
    Session.objects.update(**before)
    mark_copied(device)
    session = Session.objects.get()
    assert (session.verdict, session.verdict_reasons) == after
    assert session.needs_a_look and session.is_living


def test_nobody_is_flagged_elsewhere_or_after_the_end(user: Any, browser: Any, device: Device) -> None:
    Session.objects.update(ended_at=timezone.now(), end_reason="signed_out")
    browser().sign_in(user)
    Session.objects.update(verdict="", verdict_reasons=None)
    mark_copied(device)
    assert not Session.objects.exclude(verdict="").exists()
