"""The help desk ends access tokens with everything, never with single devices, and says so before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.help_desk.carry_out import carry_out
from sessions_ui.actions.help_desk.order import Order
from sessions_ui.actions.tokens.create import create_token
from tests.keys import Keys, bridged, make_keys
from tests.models import Case, Session

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(user: Any, agent: Any) -> Case:
    now = timezone.now()
    known = {
        "opened_at": now,
        "verified_at": now,
        "proven_at": now,
        "expires_at": now + timedelta(minutes=30),
    }
    return Case.objects.create(user=user, agent=agent, ticket="INC-1", reason="lost", ways=["staff"], **known)


def make(user: Any) -> Any:
    ends = timezone.now() + timedelta(days=30)
    return create_token(user=user, name="Backup", scopes=["sessions:read"], expires_at=ends).token


@pytest.mark.parametrize(
    "order", [Order(everything=True), Order(everything=True, new_password=True), Order(recovery=True)]
)
def test_what_may_be_somebody_elses_ends_them(
    case: Case, user: Any, agent: Any, browser: Any, order: Order
) -> None:
    browser().sign_in(user)
    token = make(user)
    receipt = carry_out(case=case, agent=agent, order=order, nonce="n")
    assert {"tokens": 1, "result": "signed_out"} in receipt.lines
    assert Session.objects.get(pk=token.pk).ended_at is not None


def test_the_receipt_counts_what_other_packages_kept(
    case: Case, user: Any, agent: Any, browser: Any, settings: Any
) -> None:
    bridged(settings, Keys)
    make_keys(user, 2)
    browser().sign_in(user)
    make(user)
    receipt = carry_out(case=case, agent=agent, order=Order(everything=True), nonce="n")
    assert {"tokens": 3, "result": "signed_out"} in receipt.lines


def test_chosen_devices_leave_them(case: Case, user: Any, agent: Any, browser: Any) -> None:
    browser().sign_in(user)
    browser().sign_in(user)
    token = make(user)
    device = Session.objects.filter(user=user, device__isnull=False).latest("pk").device
    assert device is not None
    order = Order(chosen=(device.public_id, token.session.public_id))
    receipt = carry_out(case=case, agent=agent, order=order, nonce="n")
    assert [line["device"] for line in receipt.lines] == [device.public_id]
    assert Session.objects.get(pk=token.pk).ended_at is None
