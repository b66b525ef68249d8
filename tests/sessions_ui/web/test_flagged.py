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
from tests.models import Device, Event, Session

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
    assert 'aria-label="Yes, it’s mine: Firefox on Windows"' in html
    assert reverse("sessions_ui:situation", args=[odd.public_id, "not_mine"]) in html


def test_a_name_that_was_given_there_is_not_what_people_judge_by(here: Any, odd: Device) -> None:
    Device.objects.filter(pk=odd.pk).update(name="Ada’s own laptop")
    flagged = html_of(here).split('id="flagged"')[1].split("</section>")[0]
    assert "<h3>Firefox on Windows</h3>" in flagged
    assert "Named “Ada’s own laptop”" in flagged
    assert "it’s mine: Ada" not in flagged
    asked = say_mine(here, odd)
    assert "“Firefox on Windows” is mine" in asked and "Ada’s own laptop” is mine" not in asked


def test_where_nothing_is_odd_nothing_is_said(here: Any, user: Any, signed_in: SignedIn) -> None:
    signed_in(user, verdict="new", verdict_reasons=["new_device"], reviewed_at=timezone.now())
    assert "needs a look" not in html_of(here).lower()


def test_a_settled_device_may_say_it_is_mine(here: Any, user: Any, odd: Device) -> None:
    settle(user)
    assert "Firefox on Windows is confirmed as yours" in say_mine(here, odd)
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
    assert "Firefox on Windows is confirmed as yours" in answer.content.decode()
    odd.refresh_from_db()
    assert odd.confirmed_at is not None


def test_no_device_speaks_for_itself(here: Any, user: Any) -> None:
    own = Device.objects.get(user=user)
    Session.objects.update(verdict="new", verdict_reasons=["new_device"])
    assert "One more step" in say_mine(here, own)
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


def test_a_flagged_device_is_one_row_and_can_be_signed_out_there(here: Any, odd: Device) -> None:
    html = html_of(here)
    assert html.count(f'id="device-{odd.public_id}"') == 1
    assert f'action="{reverse("sessions_ui:sign_out_device", args=[odd.public_id])}"' in html


def test_the_device_in_hand_is_flagged_on_its_own_row_and_nowhere_else(browser: Any, user: Any) -> None:
    browser().sign_in(user)  # the account has a device before
    laptop = browser(address="89.160.20.112")
    laptop.sign_in(user)
    Device.objects.filter(pk=Device.objects.earliest("pk").pk).update(confirmed_at=timezone.now())
    Session.objects.filter(pk=Session.objects.earliest("pk").pk).update(reviewed_at=timezone.now())
    own = Session.objects.latest("pk")
    assert own.needs_a_look and own.device is not None
    html = html_of(laptop)
    assert 'id="flagged"' not in html and "needs a look" not in html and "2 devices signed in" in html
    row = html.split(f'id="device-{own.device.public_id}"')[1].split("</li>\n</ul>")[0]
    assert "Not confirmed yet" in row and "A new device" in row
    assert f'action="{reverse("sessions_ui:mine", args=[own.device.public_id])}"' in row


def odd_ones(user: Any, signed_in: SignedIn, count: int) -> list[Device]:
    sessions = [
        signed_in(user, device={"browser": "Edge"}, verdict="new", verdict_reasons=["new_device"])
        for _ in range(count)
    ]
    return [session.device for session in sessions if session.device is not None]


def all_mine(client: Any, devices: list[Device]) -> str:
    fields = {"device": [device.public_id for device in devices]}
    return client.post(reverse("sessions_ui:all_mine"), fields, follow=True).content.decode()


def test_all_of_these_are_mine_where_there_are_several(
    here: Any, user: Any, other_user: Any, signed_in: SignedIn
) -> None:
    settle(user)
    first = odd_ones(user, signed_in, 1)
    assert "All of these are mine" not in html_of(here)
    shown = [*first, *odd_ones(user, signed_in, 2)]
    assert "All of these are mine" in html_of(here)
    later, theirs = odd_ones(user, signed_in, 1), odd_ones(other_user, signed_in, 1)
    assert "Thank you: 3 devices are confirmed as yours." in all_mine(here, [*shown, *theirs])
    confirmed = Device.objects.filter(confirmed_at__isnull=False)
    assert {device.pk for device in shown} <= set(confirmed.values_list("pk", flat=True))
    assert not confirmed.filter(pk__in=[later[0].pk, theirs[0].pk]).exists(), "nobody was asked about these"
    assert Event.objects.filter(user=user, kind=Event.Kind.DEVICE_CONFIRMED).count() == 3
    assert "1 needs a look" in html_of(here)


def test_one_proof_is_enough_for_all_of_them(here: Any, user: Any, signed_in: SignedIn) -> None:
    devices = odd_ones(user, signed_in, 3)
    mail.outbox.clear()
    html = all_mine(here, devices)
    assert not Device.objects.filter(confirmed_at__isnull=False).exists()
    act = re.search(r'name="act" value="([^"]+)"', html)
    deliver_due()
    (code,) = re.findall(r"^    (\d{6})$", mail.outbox[-1].body, re.MULTILINE)
    assert act is not None
    answer = here.post(reverse("sessions_ui:prove"), {"act": act[1], "code": code}, follow=True)
    assert "Thank you: 3 devices are confirmed as yours." in answer.content.decode()
    assert Device.objects.filter(user=user, confirmed_at__isnull=False).count() == 3


def test_where_one_of_them_cannot_be_vouched_for_none_is(here: Any, user: Any, signed_in: SignedIn) -> None:
    settle(user)
    devices = odd_ones(user, signed_in, 2)
    own = Session.objects.get(user=user, verdict="").device
    assert own is not None
    assert "One more step" in all_mine(here, [*devices, own])
    assert not Device.objects.filter(
        pk__in=[device.pk for device in devices], confirmed_at__isnull=False
    ).exists()


@pytest.mark.parametrize("ids", [[], ["x"], ["\0"], ["a" * 5000]])
def test_of_nothing_nothing_is_said_to_be_mine(here: Any, ids: list[str]) -> None:
    answer = here.post(reverse("sessions_ui:all_mine"), {"device": ids}, follow=True)
    assert "Nothing needs a look any more." in answer.content.decode()


def test_more_than_the_page_has_room_for_stand_among_the_others(
    here: Any, user: Any, signed_in: SignedIn
) -> None:
    odd_ones(user, signed_in, 23)
    html = html_of(here)
    assert html.count('class="sui-card sui-card--flagged"') == 20
    assert html.count('class="sui-card"') == 3
