""" "Needs a look": what is said, and who may say that it is theirs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from sessions_ui.delivery import deliver_due
from tests.aging import age_sign_ins
from tests.conftest import PASSWORD
from tests.models import Device, Session

PAGE = "/account/devices/"
SignedIn = Callable[..., Session]


@pytest.fixture
def here(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    client.get(PAGE)  # the greeting
    return client


@pytest.fixture
def odd(here: Any, user: Any, signed_in: SignedIn) -> Device:
    session = signed_in(
        user,
        device={"name": "Odd one", "browser": "Firefox", "system": "Windows"},
        verdict="suspicious",
        verdict_reasons=["new_device", "new_country"],
    )
    assert session.device is not None
    return session.device


def html_of(client: Any) -> str:
    return client.get(PAGE).content.decode()


def say_mine(client: Any, device: Device) -> str:
    return client.post(reverse("sessions_ui:mine", args=[device.public_id]), follow=True).content.decode()


def settle(user: Any) -> None:
    """The device in hand has been confirmed, and was signed in two days ago; the password was asked for again."""
    Session.objects.filter(user=user, verdict="").update(signed_in_at=timezone.now() - timedelta(days=2))
    Device.objects.exclude(name="Odd one").update(confirmed_at=timezone.now())


def test_the_page_says_what_is_odd_and_counts_it(here: Any, odd: Device) -> None:
    html = html_of(here)
    assert "1 needs a look" in html
    assert "A new device and a country" in html.replace("&#x27;", "'")
    assert 'aria-label="Yes, Firefox on Windows is mine"' in html
    assert reverse("sessions_ui:situation", args=[odd.public_id, "not_mine"]) in html


def test_a_name_that_was_given_there_is_not_what_people_judge_by(here: Any, odd: Device) -> None:
    Device.objects.filter(pk=odd.pk).update(name="Ada’s own laptop")
    flagged = html_of(here).split('id="flagged"')[1].split("</section>")[0]
    assert "<strong>Firefox on Windows</strong>" in flagged
    assert "It is called “Ada’s own laptop” there." in flagged
    assert "Ada’s own laptop is mine" not in flagged
    asked = say_mine(here, odd)
    assert "“Firefox on Windows” is mine" in asked and "Ada’s own laptop” is mine" not in asked


def test_where_nothing_is_odd_nothing_is_said(here: Any, user: Any, signed_in: SignedIn) -> None:
    signed_in(user, verdict="new", verdict_reasons=["new_device"], reviewed_at=timezone.now())
    assert "needs a look" not in html_of(here).lower()


def test_a_settled_device_may_say_it_is_mine(here: Any, user: Any, odd: Device) -> None:
    settle(user)
    assert "Firefox on Windows is yours" in say_mine(here, odd)
    odd.refresh_from_db()
    assert odd.confirmed_at is not None
    assert "Needs a look" not in html_of(here)


def test_a_young_one_needs_a_code_from_the_mail(here: Any, user: Any, odd: Device) -> None:
    mail.outbox.clear()
    html = say_mine(here, odd)
    odd.refresh_from_db()
    assert odd.confirmed_at is None
    act = re.search(r'name="act" value="([^"]+)"', html)
    deliver_due()
    code = re.search(r"^    (\d{6})$", mail.outbox[-1].body, re.MULTILINE)
    assert act is not None and code is not None
    answer = here.post(reverse("sessions_ui:prove"), {"act": act[1], "code": code[1]}, follow=True)
    assert "Firefox on Windows is yours" in answer.content.decode()
    odd.refresh_from_db()
    assert odd.confirmed_at is not None


def test_no_device_speaks_for_itself(here: Any, user: Any) -> None:
    own = Device.objects.get(user=user)
    Session.objects.update(verdict="new", verdict_reasons=["new_device"])
    assert "One more proof" in say_mine(here, own)
    own.refresh_from_db()
    assert own.confirmed_at is None


def test_answering_for_a_flagged_device_asks_who_is_there_first(here: Any, user: Any, odd: Device) -> None:
    settle(user)
    age_sign_ins(user)
    assert 'id="ask-title"' in say_mine(here, odd)
    odd.refresh_from_db()
    assert odd.confirmed_at is None
    assert PASSWORD not in html_of(here)


def test_what_is_somebody_elses_does_not_exist(here: Any, other_user: Any, signed_in: SignedIn) -> None:
    theirs = signed_in(other_user, verdict="new", verdict_reasons=["new_device"]).device
    assert theirs is not None
    assert here.post(reverse("sessions_ui:mine", args=[theirs.public_id])).status_code == 404
    assert theirs.public_id not in html_of(here)
