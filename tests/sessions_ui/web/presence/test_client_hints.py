"""`Accept-CH` on the pages that lead to sign-in, and what the answer to it is good for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import PASSWORD
from tests.models import Device, Session

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Safari/537.36"
)
IPAD = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 "
    "Safari/605.1.15"
)
LOW = {
    "HTTP_SEC_CH_UA": '"Chromium";v="141", "Brave";v="141", "Not?A_Brand";v="8"',
    "HTTP_SEC_CH_UA_MOBILE": "?0",
    "HTTP_SEC_CH_UA_PLATFORM": '"Windows"',
}
HIGH = {
    "HTTP_SEC_CH_UA_FULL_VERSION_LIST": '"Chromium";v="141.0.7390.55", "Brave";v="141.1.83.118", "Not?A_Brand";v="8"',
    "HTTP_SEC_CH_UA_PLATFORM_VERSION": '"15.0.0"',
}

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path", ["/account/login/", "/account/signup/", "/account/password/reset/key/1-used/"]
)
def test_a_page_that_leads_to_sign_in_asks_for_hints(browser: Any, path: str) -> None:
    asked = browser().get(path)["Accept-CH"]
    assert "Sec-CH-UA-Platform-Version" in asked and "Sec-CH-UA-Model" in asked


def test_no_other_page_and_no_other_answer_asks(browser: Any, user: Any) -> None:
    here = browser()
    assert "Accept-CH" not in here.get("/account/password/reset/")
    assert "Accept-CH" not in here.post("/account/login/", {"login": user.email, "password": "wrong"})
    assert "Accept-CH" not in here.get("/healthz")
    here.sign_in(user)
    assert "Accept-CH" not in here.get("/account/devices/")
    assert "Accept-CH" not in here.get("/account/login/")


def test_the_page_of_login_url_asks_whatever_its_name_is(browser: Any, settings: Any) -> None:
    settings.SESSIONS_UI = settings.SESSIONS_UI | {"SIGN_IN_PAGES": ("another",)}
    settings.LOGIN_URL = "/account/login/"
    assert "Accept-CH" in browser().get("/account/login/")
    settings.LOGIN_URL = "account_login"
    assert "Accept-CH" in browser().get("/account/login/")


def test_asking_for_hints_can_be_switched_off(browser: Any, settings: Any) -> None:
    settings.SESSIONS_UI = settings.SESSIONS_UI | {"SIGN_IN_PAGES": ()}
    assert "Accept-CH" not in browser().get("/account/login/")


def test_the_hints_of_the_sign_in_request_name_the_device(browser: Any, user: Any) -> None:
    browser(CHROME, **LOW, **HIGH).sign_in(user)
    device, session = Device.objects.get(), Session.objects.get(user=user)
    assert device.title == "Brave on Windows"
    assert (session.browser_version, session.system_version) == ("141.1.83.118", "11")


def test_hints_of_a_later_request_name_this_device_and_no_other(
    browser: Any, user: Any, other_user: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = settings.SESSIONS_UI | {"LAST_SEEN_EVERY": timedelta(0)}
    browser(CHROME).sign_in(other_user)
    here = browser(CHROME)
    here.sign_in(user)
    here.get("/account/devices/", **LOW, **HIGH)
    names = {device.user_id: device.title for device in Device.objects.all()}
    assert names == {user.pk: "Brave on Windows", other_user.pk: "Chrome on Windows"}


def test_a_browser_that_is_unmasked_by_hints_is_no_copy(browser: Any, user: Any) -> None:
    here = browser(CHROME)
    here.sign_in(user)
    here.defaults.update(LOW)
    here.post("/account/logout/")
    here.sign_in(user)
    device = Device.objects.get()
    assert device.copied_at is None


def test_the_script_of_the_sign_in_page_tells_an_ipad_from_a_mac(browser: Any, user: Any) -> None:
    here = browser(IPAD)
    here.cookies["sessions_ui_touch"] = "1"
    here.sign_in(user)
    device = Device.objects.get()
    assert (device.kind, device.model, device.title) == ("tablet", "iPad", "Safari on iPadOS")


def test_what_a_client_says_of_itself_is_no_markup_on_the_page(browser: Any, user: Any) -> None:
    script = "<script>alert(1)</script>"
    hints = {
        "HTTP_SEC_CH_UA": f'"{script}";v="1", "Chromium";v="1"',
        "HTTP_SEC_CH_UA_MODEL": f'"{script}"',
        "HTTP_SEC_CH_UA_PLATFORM": f'"{script}"',
    }
    here = browser(f"{script}/1.0 (Linux; Android 14; {script} Build/1) okhttp/4.12.0", **hints)
    here.post("/account/login/", {"login": user.email, "password": PASSWORD})
    page = here.get("/account/devices/").content.decode()
    assert script not in page
    device = Device.objects.get()
    assert "<" not in f"{device.browser}{device.system}{device.maker}{device.model}"
