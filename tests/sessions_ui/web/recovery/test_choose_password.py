"""The page behind "Choose a new password" in a mail: for which mails it is there, and for which it is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import VerifiedAddress
from sessions_ui.actions.endings.require_password import require_new_password
from sessions_ui.actions.recovery.open import open_recovery
from sessions_ui.audit import events
from sessions_ui.not_me_link import not_me_token, reset_token
from tests.models import AccountState, Delivery, EndReason, Event, Recovery

pytestmark = pytest.mark.django_db

Change = Callable[[Any, Delivery], int | None]  # which mail the link is of, where it is another one


@pytest.fixture
def mailed(user: Any) -> Delivery:
    require_new_password(user=user, reason=EndReason.HELP_DESK, actor=None)
    return Delivery.objects.get(event__kind=Event.Kind.PASSWORD_REQUIRED)


def path_of(token: str) -> str:
    return f"/account/devices/choose-password/{token}/"


def test_the_link_asks_and_the_button_sends_one_mail(mailed: Delivery, browser: Any) -> None:
    here = browser()
    page = here.get(path_of(reset_token(mailed.pk)))
    assert page.status_code == 200 and "no-store" in page.headers["Cache-Control"]
    mailed.refresh_from_db()
    assert mailed.link_used_at is None, "opening it changes nothing"
    assert here.put(path_of(reset_token(mailed.pk))).status_code == 405
    assert here.post(path_of(reset_token(mailed.pk))).status_code == 302
    assert here.post(path_of(reset_token(mailed.pk))).status_code == 429


def test_a_disabled_account_is_promised_no_link(
    mailed: Delivery, user: Any, browser: Any, mailoutbox: Any
) -> None:
    """Django mails it no reset: the page said that it sends one, and then that the link was used before."""
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    here, address = browser(), path_of(reset_token(mailed.pk))
    for answer in (here.get(address), here.post(address)):
        html = answer.content.decode()
        assert answer.status_code == 410 and "This account has been turned off" in html
        assert "send a link" not in html and "already been used" not in html
    assert mailoutbox == []


def of_another_channel(user: Any, mailed: Delivery) -> None:
    Delivery.objects.update(channel="webhook")


def about_something_else(user: Any, mailed: Delivery) -> int:
    event = events.append(Event.Kind.EMAIL_CHANGED, user_id=user.pk)
    other = Delivery.objects.create(event=event, user=user, channel="mail", receiver=user.email)
    return other.pk


def never_sent(user: Any, mailed: Delivery) -> int:
    return mailed.pk + 1000


def to_an_address_that_the_owner_removed(user: Any, mailed: Delivery) -> None:
    VerifiedAddress.objects.filter(user=user).update(removed_at=timezone.now(), removed_by_settled=True)


def when_a_password_was_chosen_already(user: Any, mailed: Delivery) -> None:
    AccountState.objects.filter(pk=user.pk).update(password_required_at=None)


def of_an_account_that_is_gone(user: Any, mailed: Delivery) -> None:
    user.delete()


@pytest.mark.parametrize(
    "change",
    [
        of_another_channel,
        about_something_else,
        never_sent,
        to_an_address_that_the_owner_removed,
        when_a_password_was_chosen_already,
        of_an_account_that_is_gone,
    ],
)
def test_the_page_is_gone_for_a_mail(change: Change, mailed: Delivery, user: Any, browser: Any) -> None:
    pk = change(user, mailed) or mailed.pk
    for ask in (browser().get, browser().post):
        assert ask(path_of(reset_token(pk))).status_code == 410


def test_while_the_account_is_recovered_no_mail_is_said_to_be_sent_when_none_was(
    mailed: Delivery, user: Any, browser: Any
) -> None:
    with time_machine.travel(timezone.now() - timedelta(minutes=2)):
        open_recovery(user=user, since=timezone.now(), opened_by=Recovery.OpenedBy.HELP_DESK)
    links = Event.objects.filter(kind=Event.Kind.RECOVERY_LINK)
    first = browser().post(path_of(reset_token(mailed.pk))).content.decode()
    assert "on its way" in first and links.count() == 2
    second = browser().post(path_of(reset_token(mailed.pk))).content.decode()
    assert "We haven’t sent another email" in second and "on its way" not in second and links.count() == 2


def test_no_other_link_opens_it(mailed: Delivery, browser: Any) -> None:
    for token in ("nonsense", not_me_token(mailed.pk)):
        assert browser().post(path_of(token)).status_code == 410
