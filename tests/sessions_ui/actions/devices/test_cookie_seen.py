"""When the former value of a device cookie stops being good: once its successor was in use for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.devices.cookie_seen import SETTLING, is_first_use, note_cookie_seen
from tests.models import Device, Session
from tests.statements import gist

pytestmark = pytest.mark.django_db

COOKIE = "__Host-device"
NOW = timezone.now()


@pytest.mark.parametrize(
    ("signed_in", "last_seen", "first"),
    [
        pytest.param(60, 60, True, id="nothing was written since the sign-in, a minute ago"),
        pytest.param(61, 2, True, id="the last activity was within the minute"),
        pytest.param(59, 59, False, id="the sign-in is younger than a minute"),
        pytest.param(120, 60, False, id="activity after the minute was written before"),
    ],
)
def test_what_is_the_first_use_after_a_sign_in(signed_in: int, last_seen: int, first: bool) -> None:
    """Given in seconds ago."""
    before = {
        "signed_in_at": NOW - timedelta(seconds=signed_in),
        "last_seen_at": NOW - timedelta(seconds=last_seen),
    }
    assert is_first_use(before, NOW) is first


def test_what_nobody_signed_in_to_has_no_first_use() -> None:
    assert is_first_use({"signed_in_at": None, "last_seen_at": NOW - timedelta(hours=1)}, NOW) is False


def later(by: timedelta = SETTLING) -> None:
    """Let so much time pass for every session that lives."""
    for row in Session.objects.living():
        Session.objects.filter(pk=row.pk).update(
            signed_in_at=row.signed_in_at - by, last_seen_at=row.last_seen_at - by
        )


def numbers() -> tuple[int, int]:
    device = Device.objects.get()
    return device.cookie_issued, device.cookie_seen


def test_the_first_activity_after_a_minute_says_that_the_value_has_arrived(user: Any, browser: Any) -> None:
    client = browser()
    client.sign_in(user)
    client.get("/account/devices/")
    assert numbers() == (1, 0)
    later()
    client.get("/account/devices/")
    assert numbers() == (1, 1)


def test_seeing_the_new_value_of_the_cookie_costs_one_statement_once(user: Any, browser: Any) -> None:
    client = browser()
    client.sign_in(user)
    statements = []
    for _ in range(3):
        later()
        with CaptureQueriesContext(connection) as queries:
            client.get("/account/logout/")
        statements.append(gist(queries))
    assert statements[0] == [*statements[1], "UPDATE sessions_ui_device"]
    assert statements[1] == statements[2]


@pytest.mark.parametrize("cookie", [None, "x" * 43, "of another account", "of another device"])
def test_anything_else_than_a_value_of_the_device_says_nothing(
    cookie: str | None, user: Any, other_user: Any, browser: Any
) -> None:
    client = browser()
    client.sign_in(user)
    others = browser()
    others.sign_in(user if cookie == "of another device" else other_user)
    device = Session.objects.filter(user=user).earliest("pk").device
    assert device is not None
    if cookie is not None and " " in cookie:
        cookie = others.cookies[COOKIE].value
    assert not note_cookie_seen(device_pk=device.pk, user_pk=user.pk, cookie=cookie)
    device.refresh_from_db()
    assert device.cookie_seen == 0


def test_only_a_successor_of_what_was_seen_last_takes_its_place(user: Any, browser: Any) -> None:
    """A value that was replaced and comes late takes nothing back."""
    client = browser()
    cookies = []
    for _ in range(3):
        client.sign_in(user)
        cookies.append(client.cookies[COOKIE].value)
        client.cookies.pop("sessionid")
    device = Device.objects.get()
    seen = [note_cookie_seen(device_pk=device.pk, user_pk=user.pk, cookie=cookie) for cookie in cookies]
    assert seen == [False, False, True] and numbers() == (3, 3)
    assert not note_cookie_seen(device_pk=device.pk, user_pk=user.pk, cookie=cookies[-1])


def test_without_device_cookies_nothing_is_looked_at(user: Any, browser: Any, settings: Any) -> None:
    client = browser()
    client.sign_in(user)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "DEVICE_COOKIE": False}
    later()
    client.get("/account/devices/")
    assert numbers() == (1, 0)


def test_a_session_without_a_device_is_used_as_any_other(user: Any, browser: Any) -> None:
    client = browser()
    client.sign_in(user)
    Session.objects.update(device=None)
    later()
    assert client.get("/account/devices/").status_code == 200
    assert numbers() == (1, 0)
