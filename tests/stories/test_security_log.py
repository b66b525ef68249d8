"""What two people and the help desk do is in the log of whom it is about, and in nobody else's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sessions_ui import mark_lost
from tests.aging import settle
from tests.models import Device, Session
from tests.sessions_ui.web.security_log.conftest import shown

pytestmark = pytest.mark.django_db

LOG = "/account/devices/log/"
ANDROID = "Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0"


def test_a_phone_that_is_signed_out_and_found_to_be_lost(
    browser: Any, user: Any, other_user: Any, agent: Any
) -> None:
    laptop, phone, stranger = browser(), browser(user_agent=ANDROID, address="89.160.20.112"), browser()
    laptop.sign_in(user)
    phone.sign_in(user)
    stranger.sign_in(other_user)
    settle(user)
    lost = Device.objects.get(user=user, system="Android")
    laptop.post(f"/account/devices/{lost.public_id}/sign-out/")
    assert phone.get(LOG).status_code == 302
    mark_lost(device=lost, actor=agent, note="left in a taxi")

    told = shown(laptop)
    assert told[:2] == ["Device reported lost", "Signed out by you, from another device"]
    assert told.count("Signed in with a password") == 2
    assert shown(laptop, kind="staff") == ["Device reported lost"]
    assert shown(stranger) == ["Signed in with a password"]

    answer = laptop.post(f"{LOG}download/", {"format": "json", "place": "kind=sign-outs"})
    [ended] = json.loads(b"".join(answer.streaming_content))["events"]
    assert (ended["by"], ended["reason"], ended["device"]) == (
        "you",
        "signed_out_remotely",
        "Firefox on Android",
    )
    assert shown(laptop, kind="data") == ["The security log was downloaded"]
    assert shown(stranger, kind="data") == []
    assert Session.objects.filter(user=other_user).living().count() == 1
