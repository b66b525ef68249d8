"""What the page weighs and costs, whatever there is to show."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.models.fields import new_public_id
from tests.models import Device, Session, digest_of

PAGE = "/account/devices/"
KIB = 1024
SignedIn = Callable[..., Session]


@pytest.fixture
def here(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    client.get(PAGE)  # the greeting
    return client


def sign_in_many(user: Any, number: int, *, one_device: bool = False, **fields: Any) -> None:
    now = timezone.now()
    devices = Device.objects.bulk_create(
        Device(user=user, kind="phone", browser="Chrome", system="Android", name=f"Phone {index}")
        for index in range(1 if one_device else number)
    )
    Session.objects.bulk_create(
        Session(
            user=user,
            device=devices[0 if one_device else index],
            digest=digest_of(new_public_id()),
            signed_in_at=now - timedelta(minutes=index),
            last_seen_at=now - timedelta(minutes=index),
            expires_at=now + timedelta(days=30),
            address="102.89.2.3",
            place={
                "city": f"City {index}",
                "country": "Nigeria",
                "country_code": "NG",
                "latitude": 6.5 + index / 100,
                "longitude": 3.4,
                "radius_km": index,
            },
            method="password",
            **fields,
        )
        for index in range(number)
    )


def weight(html: bytes) -> int:
    return len(gzip.compress(html))


def test_twenty_devices_are_under_30_kib(here: Any, user: Any) -> None:
    sign_in_many(user, 19)
    for index in range(20):
        sign_in_many(user, 1, ended_at=timezone.now() - timedelta(hours=index), end_reason="signed_out")
    html = here.get(PAGE).content
    assert html.count(b'class="sui-card"') == 19
    assert weight(html) < 30 * KIB


def test_styles_and_scripts_are_under_40_kib(here: Any) -> None:
    """All that the page loads: ours, the site's, and htmx."""
    html = here.get(PAGE).content.decode()
    names = [
        part.split('"')[0].removeprefix("/static/")
        for attribute in ('href="', 'src="')
        for part in html.split(attribute)[1:]
    ]
    files = {name for name in names if name.endswith((".css", ".js"))}
    assert {"sessions_ui/devices.css", "sessions_ui/devices.js", "site.css"} <= files
    assert any("htmx" in name for name in files)
    assert sum(weight(Path(finders.find(name)).read_bytes()) for name in files) < 40 * KIB


@pytest.mark.parametrize("one_device", [False, True], ids=["1,000 devices", "1,000 sign-ins of one device"])
def test_a_thousand_do_not_grow_the_page(here: Any, user: Any, one_device: bool) -> None:
    sign_in_many(user, 1000, one_device=one_device)
    with CaptureQueriesContext(connection) as statements:
        html = here.get(PAGE).content
    assert len(statements) <= 7
    assert weight(html) < 30 * KIB
    assert f"{2 if one_device else 1001} devices signed in" in html.decode()


def test_a_device_more_is_two_templates_more(here: Any, user: Any) -> None:
    """Its card and the form that renames it: icons, buttons and sentences are none, they took most of the time."""
    sign_in_many(user, 10)
    here.get(PAGE)
    few = len(here.get(PAGE).templates)
    sign_in_many(user, 10)
    assert len(here.get(PAGE).templates) - few <= 2 * 10


def test_the_pages_hold_every_device_once(here: Any, user: Any) -> None:
    sign_in_many(user, 45)
    titles = [
        title.split("<")[0]
        for number in (1, 2, 3)
        for title in here.get(PAGE, {"page": number}).content.decode().split("<h3>")[1:]
    ]
    phones = [title for title in titles if title.startswith("Phone")]
    assert len(phones) == len(set(phones)) == 45
    assert "Page 2 of 3" in here.get(PAGE, {"page": 2}).content.decode()


@pytest.mark.parametrize("number", ["0", "-1", "99", "x", "9" * 5000, "²", ""])
def test_there_is_no_wrong_page(here: Any, user: Any, number: str) -> None:
    sign_in_many(user, 21)
    assert here.get(PAGE, {"page": number}).status_code == 200


def test_what_is_not_used_stands_apart_and_goes_together(
    here: Any, user: Any, settings: Any, signed_in: SignedIn
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IDLE_TIMEOUT": None, "ABSOLUTE_TIMEOUT": None}
    old = [signed_in(user, last_seen_at=timezone.now() - timedelta(days=31 + n)) for n in range(3)]
    used = signed_in(user)
    html = here.get(PAGE).content.decode()
    assert "Not used for 30 days (3)" in html
    assert "Sign out all 3" in html
    answer = here.post("/account/devices/sign-out-unused/", follow=True).content.decode()
    assert "3 sign-ins were ended." in answer
    assert set(Session.objects.filter(ended_at__isnull=False)) == set(old)
    used.refresh_from_db()
    assert used.ended_at is None
    assert "was already" not in here.post("/account/devices/sign-out-unused/", follow=True).content.decode()


def test_what_needs_a_look_stands_elsewhere_and_does_not_go_with_it(
    here: Any, user: Any, settings: Any, signed_in: SignedIn
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IDLE_TIMEOUT": None, "ABSOLUTE_TIMEOUT": None}
    long_ago = timezone.now() - timedelta(days=31)
    old = [signed_in(user, last_seen_at=long_ago) for _number in range(2)]
    flagged = signed_in(user, last_seen_at=long_ago, verdict="new")
    assert "Sign out all 2" in here.get(PAGE).content.decode()
    assert "2 sign-ins were ended." in here.post(f"{PAGE}sign-out-unused/", follow=True).content.decode()
    assert set(Session.objects.filter(ended_at__isnull=False)) == set(old)
    flagged.refresh_from_db()
    assert flagged.ended_at is None


def test_apps_stand_apart(here: Any, user: Any, signed_in: SignedIn) -> None:
    signed_in(user, device={"name": "Backup", "kind": "tool"}, kind=Session.Kind.APP)
    html = here.get(PAGE).content.decode()
    assert html.index("Other devices") < html.index("Apps and keys") < html.index(">Backup</h3>")


def test_the_list_alone_says_what_is_new(here: Any, user: Any, signed_in: SignedIn) -> None:
    since = timezone.now().timestamp()
    signed_in(user)
    signed_in(user)
    html = here.get("/account/devices/list/", {"since": since}).content.decode()
    assert 'data-news="2 new devices signed in."' in html
    assert "<html" not in html
    later = here.get("/account/devices/list/", {"since": timezone.now().timestamp()}).content.decode()
    assert 'data-news="Something has changed."' in later


@pytest.mark.parametrize("since", ["", "x", "nan", "inf", "1e400", "-1e300"])
def test_a_made_up_moment_is_no_error(here: Any, since: str) -> None:
    assert here.get("/account/devices/list/", {"since": since}).status_code == 200


def test_asking_for_the_list_is_no_activity(here: Any) -> None:
    Session.objects.update(last_seen_at=timezone.now() - timedelta(hours=2))
    here.get("/account/devices/list/")
    assert Session.objects.get().last_seen_at < timezone.now() - timedelta(hours=1)
