"""The devices page through Django's test client: plain forms, as they work without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.aging import settle
from tests.models import Device, Session, digest_of
from tests.sessions_ui.client.place.written import nested, write

PAGE = "/account/devices/"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1"
)
SignedIn = Callable[..., Session]


@pytest.fixture
def here(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    client.get(PAGE)  # the greeting
    return client


@pytest.fixture
def phone(browser: Any, user: Any) -> Any:
    client = browser(user_agent=PHONE, address="89.160.20.113")
    client.sign_in(user)
    return client


def device_of(client: Any) -> Device:
    session = Session.objects.get(digest=digest_of(client.cookies["sessionid"].value))
    assert session.device is not None
    return session.device


def html_of(client: Any) -> str:
    return client.get(PAGE).content.decode()


@pytest.mark.control("ASVS 7.5.2")
def test_a_card_says_what_where_since_when_and_until(here: Any, phone: Any) -> None:
    html = html_of(here)
    for text in (
        "2 devices signed in",
        "Safari on iOS",
        "Near Linköping, Sweden (approximate)",
        "89.160.20.113",
        "with a password",
        "at the latest",
        "Active now",
        "Signing out can’t be undone",
    ):
        assert text in html, text
    assert 'aria-label="Sign out Safari on iOS"' in html
    assert re.search(r'<time datetime="[^"]+" title="[^"]+, \d\d:\d\d [^" ]+">', html)


@pytest.mark.parametrize("word", ["revoke", "terminate", "token", "session"])
def test_people_read_their_own_words(here: Any, phone: Any, word: str) -> None:
    # Whoever has one knows it by this name: it is the field's.
    html = re.sub(r"<[^>]+>", " ", html_of(here)).replace("access token", "")
    assert word not in html.lower()


def test_nobody_looks_without_being_signed_in(browser: Any, db: None) -> None:
    assert browser().get(PAGE).status_code == 302


def test_signing_out_another_device(here: Any, phone: Any) -> None:
    answer = here.post(reverse("sessions_ui:sign_out_device", args=[device_of(phone).public_id]), follow=True)
    text = answer.content.decode()
    assert "Safari on iOS is signed out" in text
    assert "1 device signed in" in text
    assert "by you, from another device" in text
    assert phone.get(PAGE).status_code == 302
    assert "turned away" in html_of(here)


def test_signing_out_twice_says_so(here: Any, phone: Any) -> None:
    action = reverse("sessions_ui:sign_out_device", args=[device_of(phone).public_id])
    here.post(action)
    assert "Safari on iOS was already signed out." in here.post(action, follow=True).content.decode()


def test_one_of_several_sign_ins_on_a_device_is_signed_out(here: Any, user: Any, signed_in: SignedIn) -> None:
    first = signed_in(user)
    second = signed_in(user, device=first.device)
    assert "2 sign-ins" in html_of(here)
    here.post(reverse("sessions_ui:sign_out_session", args=[second.public_id]))
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.ended_at is None
    assert second.ended_at is not None


def test_everywhere_else_keeps_this_device(here: Any, phone: Any, user: Any, signed_in: SignedIn) -> None:
    signed_in(user)
    assert "Signs out 2 other devices. This device stays signed in." in html_of(here)
    answer = here.post(reverse("sessions_ui:sign_out_others"), follow=True).content.decode()
    assert "2 sign-ins elsewhere were ended." in answer
    assert "No other device is signed in." in answer
    assert "Sign out everywhere else" not in answer
    assert phone.get(PAGE).status_code == 302


def test_everywhere_ends_this_one_too(here: Any, phone: Any) -> None:
    answer = here.post(reverse("sessions_ui:sign_out_everywhere"))
    assert answer.status_code == 302
    assert here.get(PAGE).status_code == 302
    assert phone.get(PAGE).status_code == 302


def test_signing_out_here(here: Any, phone: Any) -> None:
    here.post(reverse("sessions_ui:sign_out_device", args=[device_of(here).public_id]))
    assert here.get(PAGE).status_code == 302
    assert phone.get(PAGE).status_code == 200


def test_renaming(here: Any, phone: Any) -> None:
    device = device_of(phone)
    action = reverse("sessions_ui:rename", args=[device.public_id])
    html = here.post(action, {"name": "My <b>phone</b>"}, follow=True).content.decode()
    assert "My &lt;b&gt;phone&lt;/b&gt;" in html
    assert "<b>phone</b>" not in html
    assert "Safari on iOS" in html  # the derived name stays in sight
    here.post(action, {"name": ""})
    device.refresh_from_db()
    assert device.name == ""


def test_who_came_later_renames_the_own_device_and_no_other(here: Any, phone: Any, user: Any) -> None:
    before, own = device_of(here), device_of(phone)
    asked = phone.post(
        reverse("sessions_ui:rename", args=[before.public_id]), {"name": "Thief’s"}, follow=True
    )
    assert "One more step" in asked.content.decode()
    phone.post(reverse("sessions_ui:rename", args=[own.public_id]), {"name": "Mine"})
    assert list(Device.objects.filter(user=user).order_by("pk").values_list("name", flat=True)) == [
        "",
        "Mine",
    ]
    settle(user)
    phone.post(reverse("sessions_ui:rename", args=[before.public_id]), {"name": "Desk"})
    before.refresh_from_db()
    assert before.name == "Desk", "settled by now"


def test_a_name_that_is_too_long_is_refused(here: Any, phone: Any) -> None:
    device = device_of(phone)
    answer = here.post(reverse("sessions_ui:rename", args=[device.public_id]), {"name": "x" * 65})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    device.refresh_from_db()
    assert device.name == ""


@pytest.mark.parametrize("act", ["sign_out_device", "sign_out_session", "rename"])
def test_what_is_somebody_elses_does_not_exist(
    here: Any, other_user: Any, signed_in: SignedIn, act: str
) -> None:
    theirs = signed_in(other_user)
    public_id = theirs.public_id if act == "sign_out_session" else theirs.device.public_id  # type: ignore[union-attr]
    assert here.post(reverse(f"sessions_ui:{act}", args=[public_id]), {"name": "mine"}).status_code == 404
    theirs.refresh_from_db()
    assert theirs.ended_at is None
    assert theirs.device.name == ""  # type: ignore[union-attr]
    assert theirs.public_id not in html_of(here)


@pytest.mark.parametrize(
    ("act", "args"),
    [
        ("sign_out_device", ["x"]),
        ("sign_out_session", ["x"]),
        ("sign_out_others", []),
        ("sign_out_everywhere", []),
    ],
)
def test_a_link_does_nothing(here: Any, act: str, args: list[str]) -> None:
    assert here.get(reverse(f"sessions_ui:{act}", args=args)).status_code == 302
    assert here.get(PAGE).status_code == 200


@pytest.mark.control("SP 800-63B 5.1")
def test_another_site_cannot_sign_anybody_out(browser: Any, user: Any) -> None:
    client = browser(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.post(reverse("sessions_ui:sign_out_everywhere")).status_code == 403
    assert client.get(PAGE).status_code == 200


def test_htmx_gets_the_list_and_the_status(here: Any, phone: Any) -> None:
    action = reverse("sessions_ui:sign_out_device", args=[device_of(phone).public_id])
    html = here.post(action, headers={"HX-Request": "true"}).content.decode()
    assert html.lstrip().startswith('<section id="devices"')
    assert "<html" not in html
    assert re.search(r'<div id="devices-status" hx-swap-oob="innerHTML">Safari on iOS is signed out', html)


def test_htmx_is_sent_away_when_its_own_sign_in_ended(here: Any) -> None:
    answer = here.post(reverse("sessions_ui:sign_out_everywhere"), headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"].startswith("/account/devices/signed-out/")


def test_nothing_inline_and_nothing_secret(here: Any, phone: Any) -> None:
    html = html_of(here)
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"<[^>]+\s(style|on\w+)=", html)
    for row in Session.objects.all():
        assert row.digest not in html
        assert row.auth_hash not in html
    for client in (here, phone):
        assert client.session.session_key not in html
    assert not Device.objects.exclude(cookie_digest="").filter(cookie_digest__in=re.findall(r"\w{64}", html))


def test_unknown_is_said_as_unknown(here: Any, user: Any, signed_in: SignedIn) -> None:
    signed_in(user, device={"kind": "", "browser": "", "system": ""}, address=None, first_address=None)
    html = html_of(here)
    assert "Unknown device" in html
    assert "Place unavailable" in html
    assert "None" not in html


def test_a_host_without_a_base_template_has_one(here: Any, phone: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "BASE_TEMPLATE": "sessions_ui/base.html"}
    html = html_of(here)
    assert "<title>Your devices</title>" in html
    assert "2 devices signed in" in html


def test_the_page_is_kept_by_no_cache(here: Any) -> None:
    assert "no-store" in here.get(PAGE).headers["Cache-Control"]


def test_last_active_of_one_that_is_not(here: Any, user: Any, signed_in: SignedIn) -> None:
    signed_in(user, last_seen_at=timezone.now() - timedelta(hours=3, minutes=5))
    assert re.search(r"Last active <time[^>]*>3 h ago</time>", html_of(here))


@pytest.mark.parametrize(
    ("kind", "link"),
    [
        ("DBIP-City-Lite", '<a href="https://db-ip.com" rel="external noopener">IP Geolocation by DB-IP</a>'),
        ("GeoLite2-City", 'href="https://www.maxmind.com"'),
    ],
)
def test_the_source_of_places_is_named_where_its_licence_wants_it(
    browser: Any, user: Any, settings: Any, tmp_path: Path, kind: str, link: str
) -> None:
    client = browser()
    client.sign_in(user)
    assert link not in client.get("/account/devices/").content.decode()
    file = write(tmp_path / "places.mmdb", {"81.2.69.142/32": nested()}, kind=kind)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "GEOIP_PATH": file}
    assert link in client.get("/account/devices/").content.decode()
    device = Device.objects.get()
    assert link in client.get(f"/account/devices/{device.public_id}/").content.decode()
