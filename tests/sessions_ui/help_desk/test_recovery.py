"""The help desk gives an account back: it opens the case, mails its link, and ends one that was a mistake."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.help_desk.carry_out import Order, carry_out
from sessions_ui.actions.help_desk.recovery import lift
from sessions_ui.exceptions import HelpDeskRefused
from tests.models import (
    AccountState,
    Case,
    CaseReceipt,
    Delivery,
    Device,
    EndReason,
    Event,
    Recovery,
    Session,
)

pytestmark = pytest.mark.django_db
NONCE = "n" * 32


@pytest.fixture
def proven(verified: Case) -> Case:
    Case.objects.filter(pk=verified.pk).update(proven_at=timezone.now(), proof=Case.Proof.CODE)
    verified.refresh_from_db()
    return verified


def is_in(client: Any) -> bool:
    return client.get("/account/devices/").status_code == 200


def test_opening_a_recovery_at_the_help_desk_takes_a_proof(
    desk: Any, verified: Case, agent: Any, phone: Any, device_of: Any
) -> None:
    order = Order(chosen=(device_of(phone),), recovery=True)
    with pytest.raises(HelpDeskRefused) as refused:
        carry_out(case=verified, agent=agent, order=order, nonce=NONCE)
    assert refused.value.reason == "not_proven"
    assert is_in(phone) and not Recovery.objects.exists()
    assert "Not theirs" not in desk.get(f"/help-desk/{verified.public_id}/").content.decode()


def test_from_the_page_to_the_receipt(
    desk: Any, proven: Case, agent: Any, user: Any, laptop: Any, phone: Any, browser: Any, device_of: Any
) -> None:
    """The phone is the thief's; what signed in before it stays, what signed in after it does not."""
    later = browser(user_agent="Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36")
    later.sign_in(user)
    first = Session.objects.get(device__public_id=device_of(phone))
    chosen = {"device": device_of(phone), "recovery": "on", "nonce": NONCE}
    page = f"/help-desk/{proven.public_id}/"
    review = desk.post(f"{page}review/", chosen).content.decode()
    assert "has a link to the steps" in review and 'name="recovery" value="on"' in review
    assert is_in(phone), "nothing has happened yet"
    receipt = desk.post(f"{page}carry-out/", chosen, follow=True).content.decode()
    assert "It is being given back" in receipt
    assert desk.post(f"{page}carry-out/", chosen).status_code == 302
    case = Recovery.objects.get()
    assert (case.opened_by, case.actor_id, case.since) == ("help_desk", agent.pk, first.signed_in_at)
    assert (case.user_id, case.ticket, case.address) == (user.pk, "INC-7", user.email)
    assert not is_in(phone) and not is_in(later) and is_in(laptop)
    first.refresh_from_db()
    assert first.end_reason == EndReason.HELP_DESK
    device: Any = first.device
    device.refresh_from_db()
    assert device.not_me_at is not None
    assert AccountState.objects.get(pk=user.pk).password_required_at is not None
    assert CaseReceipt.objects.get().recovery
    mailed = Delivery.objects.get(event__kind=Event.Kind.RECOVERY_LINK)
    assert mailed.receiver == user.email


def test_without_a_device_what_is_younger_than_30_days_counts(
    desk: Any, proven: Case, user: Any, laptop: Any
) -> None:
    page = f"/help-desk/{proven.public_id}/"
    assert "no device in the list shows it" in desk.get(page).content.decode()
    desk.post(f"{page}carry-out/", {"recovery": "on", "nonce": NONCE})
    case = Recovery.objects.get()
    assert abs(case.since - (timezone.now() - timedelta(days=30))) < timedelta(minutes=1)
    assert case.session_id is None and is_in(laptop)
    assert Device.objects.filter(not_me_at__isnull=False).count() == 0


def test_the_case_page_says_what_is_left_and_mails_the_link_again(
    desk: Any, proven: Case, user: Any, agent: Any
) -> None:
    carry_out(case=proven, agent=agent, order=Order(recovery=True), nonce=NONCE)
    page = f"/help-desk/{proven.public_id}/"
    html = desk.get(page).content.decode()
    assert (
        "The account is being given back to its owner" in html
        and "The person still has to choose a new password" in html
    )
    Event.objects.filter(kind=Event.Kind.RECOVERY_LINK)._raw_delete("default")
    sent = Event.objects.filter(kind=Event.Kind.HELP_DESK, data__step="recovery link sent")
    assert "The link was sent." in desk.post(f"{page}recovery/link/", follow=True).content.decode()
    assert (Event.objects.filter(kind=Event.Kind.RECOVERY_LINK).count(), sent.count()) == (1, 1)
    again = desk.post(f"{page}recovery/link/", follow=True).content.decode()
    assert "No new link was sent" in again and "The link was sent." not in again
    assert (Event.objects.filter(kind=Event.Kind.RECOVERY_LINK).count(), sent.count()) == (1, 1)


def test_one_that_was_a_mistake_is_ended_with_the_same_proof(
    desk: Any, proven: Case, user: Any, agent: Any
) -> None:
    carry_out(case=proven, agent=agent, order=Order(recovery=True), nonce=NONCE)
    Case.objects.filter(pk=proven.pk).update(proven_at=None)
    proven.refresh_from_db()
    with pytest.raises(HelpDeskRefused):
        lift(case=proven, agent=agent)
    assert Recovery.objects.get().is_open
    Case.objects.filter(pk=proven.pk).update(proven_at=timezone.now())
    desk.post(f"/help-desk/{proven.public_id}/recovery/lift/")
    closed = Recovery.objects.get()
    assert (closed.closed_why, closed.closed_by_id) == ("lifted", agent.pk)
    assert AccountState.objects.get(pk=user.pk).frozen_until is None
    html = desk.get(f"/help-desk/{proven.public_id}/").content.decode()
    assert "Help desk: recovery ended" in html
