"""What should not be signed in is ended on request; what is right, or merely old, stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from sessions_ui.actions.endings.reconcile.lingering import end_lingering
from tests.models import AccountState, Device, EndReason, Session

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("it looks at everybody's")]
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def laptop(user: Any, other_user: Any, browser: Any) -> None:
    browser().sign_in(other_user)
    browser().sign_in(user)


def ended() -> list[str]:
    return list(Session.objects.filter(ended_at__isnull=False).values_list("end_reason", flat=True))


def test_nothing_is_wrong(administrator: Any) -> None:
    assert end_lingering(actor=administrator) == 0
    assert ended() == []


def test_of_an_account_that_was_switched_off(user: Any, administrator: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    assert end_lingering(actor=administrator) == 1
    assert ended() == [EndReason.ACCOUNT_DISABLED]


def test_of_somebody_who_has_left(user: Any, administrator: Any) -> None:
    AccountState.objects.filter(pk=user.pk).update(ends_at=timezone.now() - DAY)
    assert end_lingering(actor=administrator) == 1
    assert ended() == [EndReason.OFFBOARDED]


def test_on_a_lost_device(user: Any, administrator: Any) -> None:
    Device.objects.filter(user=user).update(lost_at=timezone.now())
    assert end_lingering(actor=administrator) == 1
    row = Session.objects.get(user=user)
    assert (row.end_reason, row.ended_by_id) == (EndReason.DEVICE_LOST, administrator.pk)


def test_what_is_old_or_unused_is_for_somebody_to_decide(administrator: Any) -> None:
    Session.objects.update(signed_in_at=timezone.now() - 20 * DAY, last_seen_at=timezone.now() - 10 * DAY)
    assert end_lingering(actor=administrator) == 0


def test_older_than_the_password_is_judged_by_its_hash(user: Any, administrator: Any) -> None:
    """A row that says so, and a session that has the hash of the password: it is right, and stays."""
    AccountState.objects.filter(pk=user.pk).update(password_changed_at=timezone.now())
    assert end_lingering(actor=administrator) == 0
    Session.objects.filter(user=user).update(auth_hash="of another password")
    assert end_lingering(actor=administrator) == 1
    assert ended() == [EndReason.PASSWORD_CHANGED]
