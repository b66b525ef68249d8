"""A call about a service account: nobody signs in to it, or reads its mail, so that it can only be signed out."""

from __future__ import annotations

from collections.abc import Callable
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


@pytest.fixture
def owner(user: Any) -> Any:
    """Who answers for the account, which has an access token."""
    owner = make_person("owner@people.example")
    make_service_account(user=user, owner=owner)
    create_token(
        user=user, name="Backup", scopes=["sessions:read"], expires_at=timezone.now() + timedelta(days=30)
    )
    return owner


def approved(case: Case, agent: Any) -> Case:
    colleague = make_person("colleague@staff.example", is_staff=True)
    colleague.groups.set(agent.groups.all())
    prove.ask_for_approval(case=case, agent=agent)
    prove.approve(case=case, approver=colleague, user=case.account())
    case.refresh_from_db()
    return case


@pytest.mark.parametrize(
    "act",
    [
        lambda case, agent: send_code(case=case, agent=agent),
        lambda case, agent: carry_out(
            case=approved(case, agent), agent=agent, order=Order(recovery=True), nonce="n" * 22
        ),
        lambda case, agent: carry_out(
            case=approved(case, agent), agent=agent, order=Order(new_password=True), nonce="n" * 22
        ),
    ],
    ids=["a code", "given back", "a new password"],
)
def test_nothing_goes_to_the_mailbox_that_nobody_reads(
    act: Callable[[Case, Any], Any], verified: Case, agent: Any, owner: Any
) -> None:
    Delivery.objects.all().delete()
    with pytest.raises(HelpDeskRefused) as refused:
        act(verified, agent)
    assert refused.value.reason is HelpDeskRefusal.SERVICE_ACCOUNT
    assert not Recovery.objects.exists() and not Delivery.objects.exists()
    assert Session.objects.living().exists(), "and nothing was ended"


def test_the_case_offers_no_more_than_that(desk: Any, verified: Case, agent: Any, owner: Any) -> None:
    url = f"/help-desk/{verified.public_id}/"
    page = desk.get(url).content.decode()
    assert "This is a service account: nobody signs in to it" in page
    assert f"{url}code/" not in page and "No code is sent to a service account" in page
    approved(verified, agent)
    page = desk.get(url).content.decode()
    assert 'name="everything"' in page or "Sign out all" in page
    assert 'name="recovery"' not in page and 'name="new_password"' not in page


def test_signed_out_it_is_and_whoever_answers_for_it_is_told(
    verified: Case, agent: Any, owner: Any, user: Any, mailoutbox: Any
) -> None:
    Delivery.objects.all().delete()
    carry_out(case=approved(verified, agent), agent=agent, order=Order(everything=True), nonce="n" * 22)
    assert not Session.objects.of(user).living().exists()
    deliver_due()
    assert [letter.to for letter in mailoutbox] == [[owner.email]]
