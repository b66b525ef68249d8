"""The page of one device, and what its owner can say about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sessions_ui.wording.events import HISTORY_KINDS, event_text
from tests.aging import age_sign_ins, settle
from tests.conftest import PASSWORD
from tests.models import Delivery, Device, Event, Recovery, Session, VerificationCode

SignedIn = Callable[..., Session]
RECOVERY = "/account/devices/recovery/"


@pytest.fixture
def here(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    client.get("/account/devices/")  # the greeting
    return client


@pytest.fixture
def phone(user: Any, signed_in: SignedIn) -> Device:
    """Signed in on Lagos' network, with a name of its own."""
    session = signed_in(
        user,
        device={"name": "My phone", "kind": "phone", "browser": "Chrome", "system": "Android"},
        place={"city": "Lagos", "country": "Nigeria", "country_code": "NG", "radius_km": 50},
        browser_version="142",
        user_agent="Mozilla/5.0 (Linux; Android 10; K)",
        address="102.89.2.3",
    )
    assert session.device is not None
    return session.device


def url(name: str, device: Device, *args: str) -> str:
    return reverse(f"sessions_ui:{name}", args=[device.public_id, *args])


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def living(device: Device) -> int:
    return Session.objects.living().filter(device=device).count()


def test_the_device_page_says_all_there_is(here: Any, phone: Device) -> None:
    html = here.get(url("device", phone)).content.decode()
    for text in (
        "My phone",
        "Chrome on Android",
        "Chrome 142",
        "Near Lagos, Nigeria (approximate), within about 50 km",
        "with a password",
        "102.89.2.3",
        "Mozilla/5.0 (Linux; Android 10; K)",
        phone.public_id,
        "I lost it",
        "I no longer use it",
    ):
        assert text in html, text
    assert not re.search(r"<[^>]+\s(style|on\w+)=", html)


@pytest.mark.parametrize(
    ("model", "text"),
    [("SM-X710", "Galaxy Tab S9 (SM-X710)"), ("SM-Z9999", "SM-Z9999"), ("", None)],
)
def test_the_model_is_named_as_people_know_it_with_its_code(
    here: Any, phone: Device, model: str, text: str | None
) -> None:
    Device.objects.filter(pk=phone.pk).update(maker="Samsung", model=model)
    html = here.get(url("device", phone)).content.decode()
    assert (f"<dd>{text}</dd>" in html) is (text is not None)
    assert ("<dt>Model</dt>" in html) is (text is not None)


def test_six_statements_whatever_happened(here: Any, user: Any, phone: Device, signed_in: SignedIn) -> None:
    for _ in range(12):
        signed_in(user, device=phone, ended_at=timezone.now(), end_reason="signed_out")
        Event.objects.create(kind=Event.Kind.DEVICE_RENAMED, user=user, device=phone)
    with CaptureQueriesContext(connection) as statements:
        html = here.get(url("device", phone)).content.decode()
    assert len(statements) <= 6, "one of them whether there is a tab of the help desk"
    assert html.count("Last active") + html.count("Signed out") >= 10


@pytest.mark.parametrize("name", ["device", "lost", "found", "not_mine", "sign_out_device", "proof"])
def test_what_is_somebody_elses_does_not_exist(
    here: Any, other_user: Any, signed_in: SignedIn, name: str
) -> None:
    theirs = signed_in(other_user).device
    assert theirs is not None
    ask = here.get if name in ("device", "proof") else here.post
    assert ask(url(name, theirs)).status_code == 404
    assert here.get(url("situation", theirs, "lost")).status_code == 404
    assert living(theirs) == 1


@pytest.mark.parametrize("name", ["lost", "found", "not_mine"])
def test_a_link_does_nothing(here: Any, phone: Device, name: str) -> None:
    assert here.get(url(name, phone)).url == url("device", phone)


@pytest.mark.parametrize(
    ("situation", "follows", "action"),
    [
        ("lost", "find or erase the device", "lost"),
        ("not_mine", "you choose a new one", "not_mine"),
        ("unused", "has to sign in again", "sign_out_device"),
    ],
)
def test_what_follows_is_read_before_anything_is_done(
    here: Any, phone: Device, situation: str, follows: str, action: str
) -> None:
    html = here.get(url("situation", phone, situation)).content.decode()
    assert follows in html
    assert f'action="{url(action, phone)}"' in html
    assert living(phone) == 1
    assert (
        "<html"
        not in here.get(url("situation", phone, situation), headers={"HX-Request": "true"}).content.decode()
    )


def test_lost_signs_it_out_and_marks_it(here: Any, phone: Device) -> None:
    html = here.post(url("lost", phone), follow=True).content.decode()
    assert "signed out and marked as lost" in html
    assert "This device is marked as lost" in html
    assert "because the device was reported lost" in html
    assert living(phone) == 0
    phone.refresh_from_db()
    assert phone.lost_at is not None


def test_not_mine_signs_out_everything_else_and_leads_to_the_steps(
    here: Any, user: Any, phone: Device, signed_in: SignedIn
) -> None:
    bystander = signed_in(user)
    settle(user)
    answer = here.post(url("not_mine", phone), follow=True)
    assert answer.redirect_chain[-1][0] == RECOVERY
    html = answer.content.decode()
    assert "so is everything else except this device" in html
    assert "My phone" not in html.split("1. The device is signed out")[1], "it is called by what it is"
    assert "new_password1" in html and "3. What was added to your account" in html
    assert living(phone) == 0
    bystander.refresh_from_db()
    assert bystander.end_reason == "not_me"
    assert here.get("/account/devices/").status_code == 200
    assert RECOVERY in here.get(url("device", phone)).content.decode(), "the way back to the steps"


def test_a_session_that_vouches_for_nothing_proves_more_before_it_voids_the_password(
    here: Any, user: Any, phone: Device
) -> None:
    """However old it is: the account began on the other one."""
    Session.objects.exclude(device=phone).update(signed_in_at=timezone.now() - timedelta(days=9))
    Device.objects.exclude(pk=phone.pk).update(from_start=False)
    assert "One more step" in here.post(url("not_mine", phone)).content.decode()
    assert living(phone) == 1 and not Recovery.objects.exists()
    VerificationCode.objects.update(given_at=timezone.now())
    assert here.post(url("not_mine", phone)).url == RECOVERY
    assert living(phone) == 0 and Recovery.objects.get().actor_id == user.pk


def test_the_steps_can_be_done_right_there(here: Any, user: Any, phone: Device) -> None:
    settle(user)
    here.post(url("not_mine", phone))
    new = "a horse of another colour"
    here.post(f"{RECOVERY}password/", {"new_password1": new, "new_password2": new})
    html = here.post(f"{RECOVERY}credentials/", follow=True).content.decode()
    assert "Your account is yours again" in html
    user.refresh_from_db()
    assert user.check_password(new)
    assert here.get("/account/devices/").status_code == 200, "who does it stays signed in"
    html = here.get(url("device", phone)).content.decode()
    assert "Now secure your account" in html and reverse("mfa_index") in html


def test_a_password_that_is_too_weak_comes_back_with_the_reason(here: Any, user: Any, phone: Device) -> None:
    settle(user)
    here.post(url("not_mine", phone))
    answer = here.post(f"{RECOVERY}password/", {"new_password1": "1234", "new_password2": "1234"})
    assert answer.status_code == 422 and "too short" in answer.content.decode()
    assert Recovery.objects.get().password_at is None


def test_what_was_reported_is_no_longer_confirmed(here: Any, user: Any, phone: Device) -> None:
    Device.objects.filter(pk=phone.pk).update(confirmed_at=timezone.now())
    assert "Confirmed as yours" in here.get(url("device", phone)).content.decode()
    settle(user)
    answer = here.post(url("not_mine", phone), headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == RECOVERY
    assert "Confirmed as yours" not in here.get(url("device", phone)).content.decode()


def test_no_longer_used_comes_back_to_the_device(here: Any, phone: Device) -> None:
    answer = here.post(url("sign_out_device", phone), {"page": "device"}, follow=True)
    assert answer.redirect_chain[-1][0] == url("device", phone)
    assert "The device is signed out" in answer.content.decode()


@pytest.mark.parametrize("name", ["lost", "not_mine"])
def test_the_device_in_hand_is_neither_lost_nor_strange(here: Any, user: Any, name: str) -> None:
    mine = Device.objects.get(user=user)
    html = here.post(url(name, mine), follow=True).content.decode()
    assert "device you’re using" in html
    assert living(mine) == 1
    page = here.get(url("device", mine)).content.decode()
    assert "Sign out here" in page
    assert "I lost it" not in page


def test_found_takes_a_further_proof(here: Any, phone: Device) -> None:
    """Whoever has the device and the password must not be able to say that it was found."""
    here.post(url("lost", phone))
    assert "One more step" in here.post(url("found", phone)).content.decode()
    phone.refresh_from_db()
    assert phone.lost_at is not None
    VerificationCode.objects.update(given_at=timezone.now())
    answer = here.post(url("found", phone), follow=True).content.decode()
    assert "no longer marked as lost. It has to sign in again." in answer
    phone.refresh_from_db()
    assert phone.lost_at is None


def test_a_lost_device_that_came_back_is_not_said_to_have_to_sign_in(
    here: Any, phone: Device, user: Any, signed_in: SignedIn
) -> None:
    here.post(url("lost", phone))
    assert "it has to sign in again" in text_of(here.get(url("device", phone)))
    back = signed_in(user, device={"name": "Another"})
    Session.objects.filter(pk=back.pk).update(device=phone)
    assert living(phone) == 1
    assert "it stays signed in" in text_of(here.get(url("device", phone)))
    VerificationCode.objects.all().delete()
    assert "One more step" in here.post(url("found", phone)).content.decode()
    VerificationCode.objects.update(given_at=timezone.now())
    answer = text_of(here.post(url("found", phone), follow=True))
    assert "It’s signed in: if you don’t have it, sign it out." in answer
    assert living(phone) == 1


def test_whoever_can_be_told_is_told_of_a_return(here: Any, phone: Device) -> None:
    assert "If it comes back, we’ll tell you." in text_of(here.get(url("situation", phone, "lost")))
    assert "If it comes back, we’ll tell you." in text_of(here.post(url("lost", phone), follow=True))


def nowhere(user: Any) -> list[tuple[str, None]]:
    return []


def test_nobody_is_promised_a_mail_without_an_address(here: Any, phone: Device, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "ALERT_ADDRESSES": f"{__name__}.nowhere"}
    for page in (here.get(url("situation", phone, "lost")), here.post(url("lost", phone), follow=True)):
        assert "If it comes back, your devices page flags it." in text_of(page)
        assert "tell you" not in text_of(page)


@pytest.mark.parametrize("name", ["lost", "not_mine"])
def test_each_asks_who_is_there_and_carries_on(here: Any, user: Any, phone: Device, name: str) -> None:
    settle(user)
    age_sign_ins(user)
    question = here.post(url(name, phone))
    found = re.search(r'name="act" value="([^"]+)"', question.content.decode())
    assert found is not None
    assert living(phone) == 1
    answer = here.post(reverse("sessions_ui:confirm"), {"act": found[1], "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == (RECOVERY if name == "not_mine" else url("device", phone))


def test_the_proof_comes_in(here: Any, phone: Device) -> None:
    here.post(url("lost", phone))
    html = here.get(url("proof", phone)).content.decode()
    assert 'hx-trigger="every 4s"' in html
    assert "hasn’t tried to come back yet" in html
    assert "on its screen may stay there until then" in html
    assert "An email to you is on its way" in html
    assert "open tabs were told" not in html
    Delivery.objects.update(done_at=timezone.now())
    Session.objects.filter(device=phone).update(refused_at=timezone.now(), tabs_told_at=timezone.now())
    html = here.get(url("proof", phone)).content.decode()
    assert "We emailed you on" in html
    assert "Its open tabs were told on <time" in html
    assert "was turned away" in html
    assert "on its screen" not in html, "whoever tries to come back sees a page to sign in"
    assert "hx-trigger" not in html


def test_nothing_is_asked_for_ever(here: Any, phone: Device) -> None:
    here.post(url("lost", phone))
    Session.objects.filter(device=phone).update(ended_at=timezone.now() - timedelta(minutes=6))
    assert "hx-trigger" not in here.get(url("proof", phone)).content.decode()


def test_looking_at_the_proof_is_no_activity(here: Any, user: Any, phone: Device) -> None:
    Session.objects.update(last_seen_at=timezone.now() - timedelta(hours=2))
    here.get(url("proof", phone))
    mine = Session.objects.exclude(device=phone).get(user=user)
    assert mine.last_seen_at < timezone.now() - timedelta(hours=1)


def test_a_timeout_needs_no_proof(here: Any, user: Any, phone: Device) -> None:
    Session.objects.filter(device=phone).update(ended_at=timezone.now(), end_reason="idle_timeout")
    html = here.get(url("device", phone)).content.decode()
    assert "The device is signed out" not in html
    assert "unused for too long" in html


@pytest.mark.parametrize("kind", HISTORY_KINDS)
def test_there_are_words_for_everything_that_is_told(kind: str, user: Any) -> None:
    text = event_text(Event(kind=kind, reason="signed_out" if kind == "ended" else ""), user)
    assert text[0].isupper()


def test_what_staff_noted_is_not_told(here: Any, user: Any, agent: Any, phone: Device) -> None:
    from sessions_ui.actions.devices.lost import mark_lost

    mark_lost(device=phone, actor=agent, ticket="T-4711", note="caller sounded drunk")
    html = here.get(url("device", phone)).content.decode()
    assert "Reported lost" in html
    for secret in ("drunk", agent.email, "T-4711"):
        assert secret not in html


def test_the_device_page_says_how_somebody_signed_in_and_how_sure_that_is(
    here: Any, phone: Device, user: Any
) -> None:
    html = here.get(
        url("device", Device.objects.filter(user=user).exclude(pk=phone.pk).get())
    ).content.decode()
    assert "with a password" in html and "AAL1 (NIST SP 800-63B)" in html
    assert "NIST" not in here.get(url("device", phone)).content.decode(), "nothing is known of that one"
