"""What is known of a device when a sign-in has found it, and what is stored of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import models

from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.sign_in.identify_device import IdentifiedDevice, identify_device
from tests.models import Device

pytestmark = pytest.mark.django_db

CHROME_ON_ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Mobile Safari/537.36"
)
SAMSUNG = {
    "HTTP_SEC_CH_UA_PLATFORM": '"Android"',
    "HTTP_SEC_CH_UA_PLATFORM_VERSION": '"16.0.0"',
    "HTTP_SEC_CH_UA_MODEL": '"SM-S928B"',
}


def identified(user: Any, cookie: str | None, **hints: str) -> IdentifiedDevice:
    return identify_device(user, client_of({"HTTP_USER_AGENT": CHROME_ON_ANDROID, **hints}), cookie)


def columns(device: models.Model) -> dict[str, Any]:
    return {field.attname: getattr(device, field.attname) for field in device._meta.concrete_fields}


def test_a_new_device_is_described_by_its_client(user: Any) -> None:
    found = identified(user, None, **SAMSUNG)
    assert (found.device.maker, found.device.model) == ("Samsung", "SM-S928B")
    assert (found.device.kind, found.device.browser, found.device.system) == ("phone", "Chrome", "Android")
    assert (found.new, found.copied) == (True, False)


@pytest.mark.parametrize("rotated", [False, True])
def test_what_a_sign_in_knows_of_a_device_is_what_is_stored(rotated: bool, user: Any, settings: Any) -> None:
    first = identified(user, None)
    assert columns(first.device) == columns(Device.objects.get())
    if rotated:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another " * 8, [settings.SECRET_KEY]
    second = identified(user, first.cookie, **SAMSUNG)
    assert (second.new, second.device.model, second.device.cookie_issued) == (False, "SM-S928B", 2)
    assert columns(second.device) == columns(Device.objects.get())
    assert (second.device.cookie_digest != first.device.cookie_digest) is rotated


def test_without_device_cookies_nothing_is_given_out(user: Any, settings: Any) -> None:
    cookie = identified(user, None).cookie
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "DEVICE_COOKIE": False}
    found = identified(user, cookie)
    assert (found.new, found.copied, found.cookie) == (True, False, None)
    assert (found.device.cookie_digest, found.device.cookie_issued) == ("", 0)
