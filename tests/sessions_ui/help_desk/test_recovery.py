"""The help desk gives an account back: it opens the case, mails its link, and ends one that was a mistake."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from sessions_ui.actions.help_desk.carry_out import carry_out
from sessions_ui.actions.help_desk.order import Order
from sessions_ui.actions.help_desk.recovery import lift
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.delivery import deliver_due
from sessions_ui.exceptions import HelpDeskRefused
from sessions_ui.not_me_link import recovery_token
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


def test_where_everything_is_signed_out_the_device_that_is_not_theirs_ends_with_it_in_one_act(
    proven: Case, agent: Any, user: Any, laptop: Any, phone: Any, device_of: Any
) -> None:
    """Two acts would be two mails."""
    order = Order(chosen=(device_of(phone),), recovery=True, everything=True)
    carry_out(case=proven, agent=agent, order=order, nonce=NONCE)
    assert not is_in(phone) and not is_in(laptop)
    assert len(set(Session.objects.of(user).values_list("act", flat=True))) == 1


def test_without_a_device_what_is_younger_than_30_days_counts(
    desk: Any, proven: Case, user: Any, laptop: Any
) -> None:
    page = f"/help-desk/{proven.public_id}/"
    assert "no device in the list shows it" in desk.get(page).content.decode()
    desk.post(f"{page}carry-out/", {"recovery": "on", "nonce": NONCE})
    case = Recovery.objects.get()
    assert abs(case.since - (timezone.now() - timedelta(days=30))) < timedelta(minutes=1)
    assert case.session_id is None
    assert Device.objects.filter(not_me_at__isnull=False).count() == 0


def quoted(review: str) -> set[str]:
    """The subjects that the review says the person will read."""
    return set(re.findall(r"An email: “(.*?)\. Why:", unescape(review)))


def told() -> set[str]:
    """The subjects of the mails about what ended."""
    deliver_due()
    return {message.subject for message in mail.outbox} - {"Get your account back"}


def make_token(user: Any) -> None:
    ends = timezone.now() + timedelta(days=30)
    create_token(user=user, name="Backup", scopes=["sessions:read"], expires_at=ends)
    deliver_due()
    mail.outbox.clear()


def text_of(answer: Any) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def test_without_a_device_everything_is_signed_out_and_every_page_says_so(
    desk: Any, proven: Case, user: Any, laptop: Any, phone: Any, browser: Any
) -> None:
    """Somebody may be in it by a copy of the caller's own browser, which no list of devices shows."""
    make_token(user)
    page = f"/help-desk/{proven.public_id}/"
    assert "Every device is signed out." in text_of(desk.get(page))
    review = text_of(desk.post(f"{page}review/", {"recovery": "on"}, follow=True))
    assert "Firefox on Linux: signed out" in review and "Chrome on Android: signed out" in review
    assert "1 access token ends, too." in review and is_in(laptop)
    receipt = text_of(desk.post(f"{page}carry-out/", {"recovery": "on", "nonce": NONCE}, follow=True))
    assert not is_in(laptop) and not is_in(phone)
    assert "Firefox on Linux: signed out" in receipt and "Chrome on Android: signed out" in receipt
    assert "1 access token: ended" in receipt
    assert quoted(review) == told() == {"Ended in your account: 2 sign-ins and 1 access token"}
    steps = steps_of(browser)
    assert "Everything that was signed in was signed out on" in steps
    assert "2 sign-ins ended at that moment" in steps and "1 access token ended at that moment" in steps
    assert "The device is signed out" not in steps


def test_where_nobody_was_signed_in_no_page_says_that_somebody_was_signed_out(
    desk: Any, proven: Case, browser: Any
) -> None:
    page = f"/help-desk/{proven.public_id}/"
    review = text_of(desk.post(f"{page}review/", {"recovery": "on"}, follow=True))
    assert "No device is signed in." in review and quoted(review) == set()
    receipt = text_of(desk.post(f"{page}carry-out/", {"recovery": "on", "nonce": NONCE}, follow=True))
    assert "Nothing was signed out." in receipt and told() == set()
    steps = steps_of(browser)
    assert "No sign-in ended when the recovery began" in steps
    assert "Everything that was signed in" not in steps and "The device is signed out" not in steps


def steps_of(browser: Any) -> str:
    """What the person reads who opens the link to the steps."""
    mailed = Delivery.objects.get(event__kind=Event.Kind.RECOVERY_LINK)
    owner = browser()
    return text_of(
        owner.get(reverse("sessions_ui:recovery_link", args=[recovery_token(mailed.pk)]), follow=True)
    )


def test_review_receipt_and_mail_tell_of_all_that_ends_with_a_device_that_is_not_theirs(
    desk: Any, proven: Case, user: Any, laptop: Any, phone: Any, browser: Any, device_of: Any
) -> None:
    later = browser(user_agent="Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36")
    later.sign_in(user)
    title = Device.objects.get(public_id=device_of(later)).title
    make_token(user)
    page = f"/help-desk/{proven.public_id}/"
    chosen = {"device": device_of(phone), "recovery": "on"}
    review = text_of(desk.post(f"{page}review/", chosen, follow=True))
    receipt = text_of(desk.post(f"{page}carry-out/", {**chosen, "nonce": NONCE}, follow=True))
    for text in (review, receipt):
        assert "Chrome on Android: signed out" in text and f"{title}: signed out" in text
        assert "Firefox on Linux" not in text, "it was signed in before"
    assert is_in(laptop) and not is_in(later)
    assert {"tokens": 1, "result": "signed_out"} in CaseReceipt.objects.get().lines
    assert quoted(review) == told() == {"Ended in your account: 2 sign-ins and 1 access token"}


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
    lifts = f"/help-desk/{proven.public_id}/recovery/lift/"
    assert "The recovery has ended." in text_of(desk.post(lifts, follow=True))
    closed = Recovery.objects.get()
    assert (closed.closed_why, closed.closed_by_id) == ("lifted", agent.pk)
    assert AccountState.objects.get(pk=user.pk).frozen_until is None
    html = desk.get(f"/help-desk/{proven.public_id}/").content.decode()
    assert "Help desk: recovery ended" in html


@pytest.mark.parametrize("button", ["lift", "link"])
def test_a_button_of_a_recovery_that_is_over_says_that_nothing_was_done(
    desk: Any, proven: Case, agent: Any, button: str
) -> None:
    """It was pressed twice, or the page was open while the person did the steps."""
    carry_out(case=proven, agent=agent, order=Order(recovery=True), nonce=NONCE)
    assert lift(case=proven, agent=agent)
    text = text_of(desk.post(f"/help-desk/{proven.public_id}/recovery/{button}/", follow=True))
    assert "The account is not being given back at the moment, so nothing was done." in text
    assert "The recovery has ended." not in text and "The link was sent." not in text
    assert Event.objects.filter(data__step="recovery lifted").count() == 1


def test_no_link_is_said_to_be_sent_where_there_is_no_address(
    desk: Any, proven: Case, agent: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ALERT_ADDRESSES": f"{__name__}.nowhere"}
    carry_out(case=proven, agent=agent, order=Order(recovery=True), nonce=NONCE)
    Event.objects.filter(kind=Event.Kind.RECOVERY_LINK)._raw_delete("default")
    text = text_of(desk.post(f"/help-desk/{proven.public_id}/recovery/link/", follow=True))
    assert "There is no address to which a link to the next steps could be sent." in text
    assert "The link was sent." not in text
    assert not Event.objects.filter(data__step="recovery link sent").exists()


def nowhere(user: Any) -> list[Any]:
    return []
