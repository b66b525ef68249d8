"""Two browsers, one account: what one does, the other feels at its next request."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from sessions_ui.delivery import deliver_due
from tests.models import Delivery, EndReason, Event, Session

pytestmark = pytest.mark.django_db

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
DEVICES = "/account/devices/"


@pytest.fixture
def laptop(browser: Any, user: Any) -> Any:
    laptop = browser()
    laptop.sign_in(user)
    return laptop


@pytest.fixture
def phone(browser: Any, user: Any, laptop: Any) -> Any:
    phone = browser(user_agent=IPHONE, address="89.160.20.112")
    phone.sign_in(user)
    Delivery.objects.all().delete()  # that a new device signed in is told, too
    return phone


def test_a_lost_phone_is_signed_out_refused_proven_and_told(laptop: Any, phone: Any, user: Any) -> None:
    assert b"Safari on iOS" in laptop.get(DEVICES).content
    lost = Session.objects.get(device__system="iOS")
    page = laptop.post(f"/account/devices/{lost.device.public_id}/sign-out/", follow=True)
    assert "Safari on iOS is signed out" in page.content.decode()

    refused = phone.get(DEVICES)
    assert refused.status_code == 302 and refused["Location"].startswith("/account/login/")
    lost.refresh_from_db()
    assert (lost.end_reason, lost.ended_by) == (EndReason.SIGNED_OUT_REMOTELY, user)
    assert lost.refused_at is not None

    mail.outbox.clear()
    deliver_due()
    assert len(mail.outbox) == 1 and "Safari on iOS" in mail.outbox[0].body
    history = Event.objects.filter(act=lost.act).order_by("pk").values_list("kind", flat=True)
    assert list(history) == [Event.Kind.ENDED, Event.Kind.DELIVERED]
    assert laptop.get(DEVICES).status_code == 200


def test_everything_else_ends_and_this_device_stays(laptop: Any, phone: Any) -> None:
    laptop.post("/account/devices/sign-out-others/")
    assert phone.get(DEVICES).status_code == 302
    assert laptop.get(DEVICES).status_code == 200


@pytest.mark.control("ASVS 7.5.2")
def test_everywhere_ends_this_device_too(laptop: Any, phone: Any) -> None:
    response = laptop.post("/account/devices/sign-out-everywhere/")
    assert response.status_code == 302 and response.cookies["sessionid"].value == ""
    assert laptop.get(DEVICES).status_code == 302
    assert phone.get(DEVICES).status_code == 302
    assert not Session.objects.living().exists()


def test_a_second_click_says_that_it_was_already_done(laptop: Any, phone: Any) -> None:
    url = f"/account/devices/{Session.objects.get(device__system='iOS').device.public_id}/sign-out/"
    laptop.post(url)
    assert "was already signed out" in laptop.post(url, follow=True).content.decode()
    assert Event.objects.filter(kind=Event.Kind.ENDED).count() == 1


@pytest.mark.control("ASVS 7.4.1")
def test_a_revoked_browser_stays_out_whatever_it_keeps(laptop: Any, phone: Any) -> None:
    """Traps K and M: no cookie that the browser kept signs it in again, and revoking one revokes no other."""
    kept = {name: morsel.value for name, morsel in phone.cookies.items()}
    laptop.post(f"/account/devices/{Session.objects.get(device__system='iOS').device.public_id}/sign-out/")
    for _ in range(2):
        for name, value in kept.items():
            phone.cookies[name] = value
        assert phone.get(DEVICES).status_code == 302
    assert laptop.get(DEVICES).status_code == 200


def test_nobody_signs_out_a_device_of_somebody_else(
    laptop: Any, phone: Any, other_user: Any, browser: Any
) -> None:
    """Invariant 9: and nobody learns that it exists."""
    stranger = browser()
    stranger.sign_in(other_user)
    phones = Session.objects.get(device__system="iOS")
    for url in (
        f"/account/devices/{phones.device.public_id}/sign-out/",
        f"/account/devices/{phones.device.public_id}/rename/",
        f"/account/devices/sessions/{phones.public_id}/sign-out/",
        "/account/devices/no-such-device/sign-out/",
    ):
        assert stranger.post(url, {"name": "mine"}).status_code == 404
    assert phone.get(DEVICES).status_code == 200
