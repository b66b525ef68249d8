"""The mails about a recovery say what is so, and no more than their readers may know."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from sessions_ui.actions.recovery.close import lift_recovery
from sessions_ui.actions.recovery.open import open_recovery
from sessions_ui.delivery import deliver_due
from tests.models import Delivery, Recovery, Session

pytestmark = pytest.mark.django_db


def opened(user: Any) -> Recovery:
    since = timezone.now() - timedelta(hours=1)
    return open_recovery(user=user, since=since, opened_by=Recovery.OpenedBy.MAIL, address=user.email)


def newest() -> Any:
    deliver_due()
    return mail.outbox[-1]


def says(message: Any, text: str) -> bool:
    plain, html = " ".join(message.body.split()), " ".join(unescape(message.alternatives[0][0]).split())
    return text in plain and text in html


def test_the_link_comes_with_what_it_is_for_and_until_when(user: Any) -> None:
    opened(user)
    message = newest()
    assert (message.to, message.subject) == ([user.email], "Get your account back")
    for text in (
        "https://devices.example/account/devices/recovery/",
        "to choose a new password and to check what was added",
        "Don’t pass this link on",
        "If you do nothing, what was added since then will be removed on",
    ):
        assert says(message, text), text


def test_a_device_is_said_to_be_signed_out_where_a_sign_in_was_reported(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    session = Session.objects.of(user).sign_ins().get()
    open_recovery(user=user, since=session.signed_in_at, opened_by=Recovery.OpenedBy.DEVICES, session=session)
    message = newest()
    assert says(message, "was reported as not yours. That device is signed out")
    assert not says(message, "Somebody else may have used your account")


def test_no_device_is_said_to_be_signed_out_where_none_was_reported(user: Any) -> None:
    open_recovery(user=user, since=timezone.now() - timedelta(days=30), opened_by=Recovery.OpenedBy.HELP_DESK)
    message = newest()
    assert says(message, "Somebody else may have used your account since")
    assert not says(message, "That device is signed out")


def test_nobody_without_a_password_is_promised_a_new_one(user: Any) -> None:
    user.set_unusable_password()
    user.save()
    opened(user)
    assert says(newest(), "The next step is to check what was added")


def test_without_an_address_of_the_site_it_says_what_else_there_is(user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SITE_URL": ""}
    opened(user)
    message = newest()
    assert says(message, "sign in on a device that you’ve used before")
    assert not says(message, "Don’t pass this link on")


def test_one_that_is_over_mails_no_link(user: Any, agent: Any) -> None:
    opened(user)
    lift_recovery(user=user, actor=agent)
    deliver_due()
    assert [message.subject for message in mail.outbox] == ["The recovery of your account has ended"]
    assert Delivery.objects.get(parked_at__isnull=False).error == "the recovery is over"


def test_that_it_is_over_is_told_with_what_stays(user: Any, agent: Any) -> None:
    opened(user)
    deliver_due()
    lift_recovery(user=user, actor=agent)
    message = newest()
    assert says(message, "The help desk ended the recovery.")
    assert says(message, "The old password still can’t be used to sign in.")
    assert agent.email not in message.body
