"""Which device it is: one browser stays one, whatever changes around it, and two are never taken for one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.models import Device, EndReason, Event, Session

pytestmark = pytest.mark.django_db

COOKIE = "__Host-device"
LONDON, LINKOEPING, MILTON = "81.2.69.142", "89.160.20.112", "216.160.83.57"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
NEWER_FIREFOX = FIREFOX.replace("145.0", "146.0")
WINDOWS, MACINTOSH = "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7"
CHROME_ON_WINDOWS = f"Mozilla/5.0 ({WINDOWS}) {WEBKIT} Chrome/141.0.0.0 Safari/537.36"
CHROME_ON_ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36"
IOS = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
WINDOWS_11 = {
    "HTTP_SEC_CH_UA": '"Google Chrome";v="141", "Not?A_Brand";v="8", "Chromium";v="141"',
    "HTTP_SEC_CH_UA_PLATFORM": '"Windows"',
    "HTTP_SEC_CH_UA_PLATFORM_VERSION": '"15.0.0"',
}
PIXEL = {
    "HTTP_SEC_CH_UA": '"Google Chrome";v="141", "Not?A_Brand";v="8", "Chromium";v="141"',
    "HTTP_SEC_CH_UA_PLATFORM": '"Android"',
    "HTTP_SEC_CH_UA_PLATFORM_VERSION": '"16.0.0"',
    "HTTP_SEC_CH_UA_MODEL": '"Pixel 9"',
    "HTTP_SEC_CH_UA_MOBILE": "?1",
}


def a_while_later() -> None:
    """So that the next request is noted."""
    for session in Session.objects.filter(ended_at__isnull=True):
        Session.objects.filter(pk=session.pk).update(last_seen_at=session.last_seen_at - timedelta(minutes=2))


def sign_in_again(client: Any, user: Any) -> None:
    """The session is over; the device cookie is still there."""
    del client.cookies["sessionid"]
    client.sign_in(user)


def visit(client: Any, **headers: Any) -> None:
    a_while_later()
    assert client.get("/account/devices/", **headers).status_code == 200


def changes() -> list[Any]:
    return list(Event.objects.filter(kind=Event.Kind.CLIENT_CHANGED).order_by("pk"))


def test_signing_in_again_in_one_browser_stays_one_device(user: Any, browser: Any) -> None:
    client = browser()
    client.sign_in(user)
    sign_in_again(client, user)
    sign_in_again(client, user)
    assert Device.objects.count() == 1
    assert Session.objects.living().count() == 1
    assert Session.objects.filter(end_reason=EndReason.SUPERSEDED).count() == 2


def test_signing_in_again_after_an_update_of_the_browser_stays_one_device(user: Any, browser: Any) -> None:
    client = browser(user_agent=FIREFOX)
    client.sign_in(user)
    client.defaults["HTTP_USER_AGENT"] = NEWER_FIREFOX
    sign_in_again(client, user)
    device = Device.objects.get()
    assert device.copied_at is None
    assert Session.objects.living().get().browser_version == "146"


def test_two_equal_laptops_stay_two(user: Any, browser: Any) -> None:
    one, other = browser(), browser()
    one.sign_in(user)
    other.sign_in(user)
    assert Device.objects.count() == Session.objects.living().count() == 2
    device = Session.objects.latest("pk").device
    one.post(f"/account/devices/{device.public_id}/sign-out/")
    assert other.get("/account/devices/").status_code == 302
    assert one.get("/account/devices/").status_code == 200


def test_two_users_of_one_browser_cannot_be_linked(user: Any, other_user: Any, browser: Any) -> None:
    """Neither by the database nor by what one of them sees."""
    client = browser()
    client.sign_in(user)
    client.post("/account/logout/")
    client.sign_in(other_user)
    ada, grace = Device.objects.order_by("pk")
    assert (ada.user_id, grace.user_id) == (user.pk, other_user.pk)
    assert not {ada.cookie_digest, ada.public_id} & {grace.cookie_digest, grace.public_id}
    page = client.get("/account/devices/").content.decode()
    assert grace.public_id in page and ada.public_id not in page


def test_cleared_cookies_make_a_new_device(user: Any, browser: Any) -> None:
    client = browser()
    client.sign_in(user)
    client.cookies.clear()
    client.sign_in(user)
    assert Device.objects.count() == Session.objects.living().count() == 2
    assert not Device.objects.filter(copied_at__isnull=False).exists()


def test_a_private_window_is_a_new_device_and_leaves_the_other_alone(user: Any, browser: Any) -> None:
    window, private = browser(), browser()
    window.sign_in(user)
    private.sign_in(user)
    private.cookies.clear()  # it was closed
    assert Device.objects.count() == 2
    sign_in_again(window, user)
    assert Device.objects.count() == 2
    assert window.get("/account/devices/").status_code == 200


def test_a_phone_that_moves_between_networks_is_one_device_and_its_place_follows(
    user: Any, browser: Any
) -> None:
    phone = browser(user_agent=CHROME_ON_ANDROID, address=LONDON)
    phone.sign_in(user)
    for address, country in ((LINKOEPING, "SE"), (MILTON, "US"), ("10.1.2.3", None), (LONDON, "GB")):
        visit(phone, REMOTE_ADDR=address)
        row = Session.objects.get()
        assert (row.address, row.place.get("country_code")) == (address, country)
        assert (row.first_address, row.first_place["country_code"]) == (LONDON, "GB")
    device = Device.objects.get()
    assert (device.copied_at, changes()) == (None, [])


def test_the_place_of_a_device_follows_where_no_address_may_be_kept(
    user: Any, browser: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "STORE_ADDRESSES": "none"}
    phone = browser(user_agent=CHROME_ON_ANDROID, address=LONDON)
    phone.sign_in(user)
    visit(phone, REMOTE_ADDR=LINKOEPING)
    row = Session.objects.get()
    assert (row.address, row.place["country_code"]) == (None, "SE")


def test_a_browser_that_updates_itself_in_the_middle_is_no_event(user: Any, browser: Any) -> None:
    client = browser(user_agent=FIREFOX)
    client.sign_in(user)
    visit(client, HTTP_USER_AGENT=NEWER_FIREFOX)
    row = Session.objects.get()
    assert (row.first_user_agent, row.user_agent) == (FIREFOX, NEWER_FIREFOX)
    assert (row.browser_version, changes()) == ("146", [])


def test_another_browser_in_the_middle_of_a_session_is_an_event(user: Any, browser: Any) -> None:
    client = browser(user_agent=FIREFOX)
    client.sign_in(user)
    visit(client, HTTP_USER_AGENT=CHROME_ON_WINDOWS, REMOTE_ADDR=LINKOEPING)
    row, [event] = Session.objects.get(), changes()
    assert event.data == {"from": ["Firefox", "Linux"], "to": ["Chrome", "Windows"]}
    assert (event.user_id, event.session_id, event.device_id) == (user.pk, row.pk, row.device_id)
    assert (event.detail.address, event.detail.user_agent) == (LINKOEPING, CHROME_ON_WINDOWS)
    # The device is still called what it was: the thief does not name it.
    assert (row.device.browser, row.device.system) == ("Firefox", "Linux")
    assert row.first_user_agent == FIREFOX


def test_hints_that_come_later_improve_what_is_known(user: Any, browser: Any) -> None:
    phone, laptop = browser(user_agent=CHROME_ON_ANDROID), browser(user_agent=CHROME_ON_WINDOWS)
    phone.sign_in(user)
    laptop.sign_in(user)
    visit(phone, **PIXEL)
    visit(laptop, **WINDOWS_11)
    on_phone, on_laptop = Session.objects.select_related("device").order_by("pk")
    assert (on_phone.device.model, on_phone.system_version) == ("Pixel 9", "16")
    assert (on_laptop.device.system, on_laptop.system_version) == ("Windows", "11")
    # A request without hints takes nothing away again.
    visit(laptop)
    assert Session.objects.get(pk=on_laptop.pk).system_version == "11"
    assert changes() == []


def test_hints_at_the_next_sign_in_improve_the_device(user: Any, browser: Any) -> None:
    phone = browser(user_agent=CHROME_ON_ANDROID)
    phone.sign_in(user)
    phone.defaults.update(PIXEL)
    sign_in_again(phone, user)
    assert Device.objects.get().model == "Pixel 9"


def test_what_did_not_change_costs_what_it_did(user: Any, browser: Any) -> None:
    """A touch reads the row and writes it; a client that says the same is not looked into."""
    client = browser()
    client.sign_in(user)
    a_while_later()
    with CaptureQueriesContext(connection) as statements:
        client.get("/account/logout/")
    touching = [query["sql"] for query in statements if query["sql"].startswith("UPDATE")]
    assert len(touching) == 1 and "user_agent" not in touching[0].partition("WHERE")[0]


def test_a_copied_cookie_is_flagged_and_supersedes_nothing(user: Any, browser: Any) -> None:
    laptop, thief = browser(user_agent=FIREFOX), browser(user_agent=CHROME_ON_WINDOWS)
    laptop.sign_in(user)
    thief.cookies[COOKIE] = laptop.cookies[COOKIE].value
    thief.sign_in(user)
    original, copy = Device.objects.order_by("pk")
    assert original.copied_at is not None and copy.copied_at is None
    assert laptop.get("/account/devices/").status_code == 200
    assert thief.cookies[COOKIE].value != laptop.cookies[COOKIE].value


IPHONE = f"{IOS} Version/18.5 Mobile/15E148 Safari/604.1"
MAC = f"{IOS.replace('iPhone; CPU iPhone OS 18_5 like Mac OS X', MACINTOSH)} Version/18.5 Safari/605.1.15"


def test_an_iphone_that_requests_desktop_websites_is_no_copy_and_no_change(user: Any, browser: Any) -> None:
    phone = browser(user_agent=IPHONE)
    phone.sign_in(user)
    for user_agent in (MAC, IPHONE):
        visit(phone, HTTP_USER_AGENT=user_agent)
        phone.defaults["HTTP_USER_AGENT"] = user_agent
        sign_in_again(phone, user)
    device = Device.objects.get()
    assert (device.system, device.kind, device.copied_at) == ("iOS", "phone", None)
    assert changes() == [] and not Session.objects.exclude(verdict="").exists()


def test_an_iphone_that_came_with_the_desktop_site_first_is_called_one_as_soon_as_it_says_so(
    user: Any, browser: Any
) -> None:
    phone = browser(user_agent=MAC)
    phone.sign_in(user)
    assert Device.objects.get().system == "macOS"
    phone.defaults["HTTP_USER_AGENT"] = IPHONE
    sign_in_again(phone, user)
    device = Device.objects.get()
    assert (device.system, device.kind, device.copied_at) == ("iOS", "phone", None)


def test_an_iphones_cookie_on_another_engine_of_a_mac_is_a_copy(user: Any, browser: Any) -> None:
    phone, mac = browser(user_agent=IPHONE), browser(user_agent=CHROME_ON_WINDOWS.replace(WINDOWS, MACINTOSH))
    phone.sign_in(user)
    mac.cookies[COOKIE] = phone.cookies[COOKIE].value
    mac.sign_in(user)
    assert Session.objects.latest("pk").verdict_reasons == ["copied_cookie"]
    assert phone.get("/account/devices/").status_code == 200


def test_without_device_cookies_each_sign_in_is_a_device(user: Any, browser: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "DEVICE_COOKIE": False}
    client = browser()
    client.sign_in(user)
    sign_in_again(client, user)
    assert Device.objects.count() == 2 and COOKIE not in client.cookies


@pytest.mark.parametrize("junk", ["1", "x" * 3000, "é" * 43, "a\x00b", "../" * 14 + "a"])
def test_a_browser_does_not_choose_its_own_device_cookie(user: Any, browser: Any, junk: str) -> None:
    client = browser()
    client.cookies[COOKIE] = junk
    client.sign_in(user)
    assert client.cookies[COOKIE].value != junk and len(client.cookies[COOKIE].value) == 63
    assert Device.objects.count() == 1


def test_a_device_outlives_the_rotation_of_the_secret_key(user: Any, browser: Any, settings: Any) -> None:
    client = browser()
    client.sign_in(user)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another " * 8, [settings.SECRET_KEY]
    sign_in_again(client, user)
    settings.SECRET_KEY_FALLBACKS = []
    sign_in_again(client, user)
    assert Device.objects.count() == 1
