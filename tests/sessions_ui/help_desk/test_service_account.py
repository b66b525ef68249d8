"""A call about a service account: nobody signs in to it, or reads its mail, so that it can only be signed out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.help_desk import prove
from sessions_ui.actions.help_desk.carry_out import carry_out
from sessions_ui.actions.help_desk.order import Order
from sessions_ui.actions.help_desk.send_code import send_code
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.delivery import deliver_due
from sessions_ui.exceptions import HelpDeskRefusal, HelpDeskRefused
from tests.conftest import make_person
from tests.models import Case, Delivery, Recovery, Session

pytestmark = pytest.mark.django_db
NONCE = "n" * 32


@pytest.fixture
def owner(user: Any) -> Any:
    """Who answers for the account, which has an access token."""
    owner = make_person("owner@people.example")
    make_service_account(user=user, owner=owner)
    create_token(
        user=user, name="Backup", scopes=["sessions:read"], expires_at=timezone.now() + timedelta(days=30)
    )
    return owner


@pytest.fixture
def approved(verified: Case, agent: Any, colleague: Any, owner: Any) -> Case:
    """A second agent has agreed."""
    prove.ask_for_approval(case=verified, agent=agent)
    prove.approve(case=verified, approver=colleague, user=verified.account())
    verified.refresh_from_db()
    return verified


def test_no_code_goes_to_the_mailbox_that_nobody_reads(verified: Case, agent: Any, owner: Any) -> None:
    Delivery.objects.all().delete()
    with pytest.raises(HelpDeskRefused) as refused:
        send_code(case=verified, agent=agent)
    assert refused.value.reason is HelpDeskRefusal.SERVICE_ACCOUNT
    assert not Recovery.objects.exists() and not Delivery.objects.exists()
    assert Session.objects.living().exists(), "and nothing was ended"


@pytest.mark.parametrize("order", [Order(recovery=True), Order(new_password=True)])
def test_it_is_not_given_back_and_needs_no_new_password(approved: Case, agent: Any, order: Order) -> None:
    Delivery.objects.all().delete()
    with pytest.raises(HelpDeskRefused) as refused:
        carry_out(case=approved, agent=agent, order=order, nonce=NONCE)
    assert refused.value.reason is HelpDeskRefusal.SERVICE_ACCOUNT
    assert not Recovery.objects.exists() and not Delivery.objects.exists()
    assert Session.objects.living().exists(), "and nothing was ended"


def test_the_case_says_what_it_is_and_offers_no_code(desk: Any, verified: Case, owner: Any) -> None:
    url = f"/help-desk/{verified.public_id}/"
    page = desk.get(url).content.decode()
    assert "This is a service account: nobody signs in to it" in page
    assert f"{url}code/" not in page and "No code is sent to a service account" in page


def test_with_a_second_agent_it_can_be_signed_out_and_nothing_else(desk: Any, approved: Case) -> None:
    page = desk.get(f"/help-desk/{approved.public_id}/").content.decode()
    assert 'name="everything"' in page
    assert 'name="recovery"' not in page and 'name="new_password"' not in page


def test_signed_out_it_is_and_whoever_answers_for_it_is_told(
    approved: Case, agent: Any, owner: Any, user: Any, mailoutbox: Any
) -> None:
    Delivery.objects.all().delete()
    carry_out(case=approved, agent=agent, order=Order(everything=True), nonce=NONCE)
    assert not Session.objects.of(user).living().exists()
    deliver_due()
    assert [letter.to for letter in mailoutbox] == [[owner.email]]
