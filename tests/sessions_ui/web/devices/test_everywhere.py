"""Signing out of everything at once: what is said before, and after."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from tests.models import Event, Session

pytestmark = pytest.mark.django_db
PAGE = "/account/devices/"
BEFORE = "/account/devices/everywhere/"
ACT = "/account/devices/sign-out-everywhere/"


@pytest.fixture
def here(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    client.get(PAGE)  # the greeting
    return client


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_with_one_device_nothing_is_there_twice(here: Any) -> None:
    text = text_of(here.get(PAGE))
    assert "Sign out here" in text
    assert "Sign out everywhere" not in text and "Where your devices are" not in text


def test_devices_and_sign_ins_are_both_said_where_they_differ(here: Any, user: Any, signed_in: Any) -> None:
    first = signed_in(user)
    assert "Signs out 1 other device. This device stays signed in." in text_of(here.get(PAGE))
    signed_in(user, device=first.device)
    signed_in(user, device={"kind": "tool", "name": "Backup"}, kind=Session.Kind.APP)
    text = text_of(here.get(PAGE))
    assert "Signs out 2 other devices and apps, which ends 3 other sign-ins." in text


def test_other_sign_ins_of_this_very_device_are_no_other_device(here: Any, user: Any, signed_in: Any) -> None:
    own = Session.objects.get(user=user)
    signed_in(user, device=own.device)
    text = text_of(here.get(PAGE))
    assert "Ends 1 other sign-in. This device stays signed in." in text


def test_it_says_beforehand_what_it_ends_and_ends_nothing(here: Any, user: Any, signed_in: Any) -> None:
    first = signed_in(user)
    signed_in(user, device=first.device)
    text = text_of(here.get(BEFORE))
    assert "Ends all 3 sign-ins on 2 devices and apps, including this one." in text
    assert "This can’t be undone." in text and "access token" not in text
    assert Session.objects.living().filter(user=user).count() == 3
    fragment = here.get(BEFORE, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and f'action="{ACT}"' in fragment


def test_it_lands_on_a_page_that_says_what_it_did(
    here: Any, user: Any, other_user: Any, signed_in: Any
) -> None:
    signed_in(user)
    theirs = signed_in(other_user)
    answer = here.post(ACT, follow=True)
    text = text_of(answer)
    assert "Signed out everywhere" in text and ": 2 sign-ins." in text
    assert user.email not in text and "Firefox" not in text
    assert here.get(PAGE).status_code == 302
    assert not Session.objects.living().filter(user=user).exists()
    theirs.refresh_from_db()
    assert theirs.ended_at is None
    assert Event.objects.filter(user=user, kind=Event.Kind.ENDED, reason="signed_out_everywhere").count() == 2


def test_for_htmx_the_whole_page_goes_there(here: Any) -> None:
    answer = here.post(ACT, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"].startswith("/account/devices/signed-out/")


def test_a_program_reads_no_page(here: Any) -> None:
    answer = here.post(ACT, headers={"accept": "application/json"})
    assert answer.status_code == 401 and answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("result", ["x", "x:y:z", "é", "a" * 3000])
def test_a_made_up_result_says_nothing(browser: Any, result: str) -> None:
    answer = browser().get(reverse("sessions_ui:signed_out_everywhere", args=[result]))
    assert answer.status_code == 200
    assert "Nothing to show any more" in text_of(answer) and "Signed out" not in text_of(answer)


def test_what_it_did_is_told_for_ten_minutes(here: Any, browser: Any) -> None:
    address = here.post(ACT).headers["Location"]
    assert ": 1 sign-in." in text_of(browser().get(address))
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert "Nothing to show any more" in text_of(browser().get(address))


def test_what_is_signed_out_already_is_not_offered_to_be_signed_out(
    here: Any, user: Any, signed_in: Any
) -> None:
    ended = signed_in(user, ended_at=timezone.now(), end_reason="signed_out")
    address = reverse("sessions_ui:situation", args=[ended.device.public_id, "unused"])
    assert "was already signed out" in text_of(here.get(address, follow=True))
    living = signed_in(user)
    address = reverse("sessions_ui:situation", args=[living.device.public_id, "unused"])
    assert "Sign out this device" in text_of(here.get(address))
