"""What a host project puts into its own pages: the summary, the warning before the idle timeout, the reader's zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.template import RequestContext, Template
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.database import moments
from tests.models import Session

PAGE = "/account/devices/"
SignedIn = Callable[..., Session]


def summary(user: Any) -> str:
    request = RequestFactory().get("/settings/")
    request.user = user
    text = Template("{% load sessions_ui %}{% sessions_ui_summary %}").render(RequestContext(request))
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def with_idle_timeout(settings: Any, limit: timedelta | None) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "IDLE_TIMEOUT": limit}


@pytest.fixture
def here(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    client.get(PAGE)  # the greeting
    return client


def test_the_summary_counts_in_one_statement(user: Any, signed_in: SignedIn) -> None:
    first = signed_in(user)
    signed_in(user, device=first.device)
    signed_in(user, verdict="new", verdict_reasons=["new_device"])
    with CaptureQueriesContext(connection) as statements:
        text = summary(user)
    assert text.startswith("2 devices signed in, 1 needs a look Review")
    assert len(statements) == 1


def test_the_summary_says_nothing_to_strangers(db: None) -> None:
    assert summary(AnonymousUser()) == ""


@pytest.mark.control("SP 800-53 AC-12(3)")
def test_a_warning_where_there_is_an_idle_timeout(here: Any, settings: Any) -> None:
    with_idle_timeout(settings, timedelta(minutes=30))
    html = here.get(PAGE).content.decode()
    assert re.search(r'id="sui-idle"[^>]* data-seconds="1[78]\d\d"\s+data-warn="120"', html)
    assert "Are you still there?" in html


@pytest.mark.parametrize("limit", [None, timedelta(days=14)])
def test_none_where_no_page_stays_open_for_so_long(here: Any, settings: Any, limit: timedelta | None) -> None:
    with_idle_timeout(settings, limit)
    assert "sui-idle" not in here.get(PAGE).content.decode()
    assert here.get("/account/devices/idle/").json() == {"seconds": None}


def test_asking_how_long_is_no_activity_and_staying_is(here: Any, settings: Any) -> None:
    with_idle_timeout(settings, timedelta(minutes=30))
    Session.objects.update(last_seen_at=timezone.now() - timedelta(minutes=29))
    assert here.get("/account/devices/idle/").json()["seconds"] <= 60
    assert here.get("/account/devices/idle/").json()["seconds"] <= 60
    assert here.post("/account/devices/stay/").json() == {"seconds": 1800}
    assert here.get("/account/devices/idle/").json()["seconds"] > 1700


def test_who_is_gone_cannot_stay(here: Any, settings: Any) -> None:
    with_idle_timeout(settings, timedelta(minutes=30))
    Session.objects.update(last_seen_at=timezone.now() - timedelta(minutes=31))
    assert here.post("/account/devices/stay/").status_code == 302


def test_times_in_the_zone_of_the_browser(here: Any) -> None:
    Session.objects.update(signed_in_at=moments.stored(datetime(2026, 11, 2, 23, 30, tzinfo=UTC)))
    here.cookies["sessions_ui_zone"] = "Asia/Tokyo"
    html = here.get(PAGE).content.decode()
    assert "3 November 2026, 08:30 JST" in html
    assert "Signed in" in html


def test_times_in_the_zone_that_the_host_knows(here: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TIME_ZONE": lambda user: "Africa/Lagos"}
    here.cookies["sessions_ui_zone"] = "Asia/Tokyo"
    assert " WAT" in here.get(PAGE).content.decode()


@pytest.mark.parametrize("zone", ["Nowhere/Land", "../../etc/passwd", "/etc/passwd", "x" * 100, "\x00", ""])
def test_what_is_no_zone_is_the_sites_own(here: Any, zone: str) -> None:
    here.cookies["sessions_ui_zone"] = zone
    assert f" {moments.local(timezone.now()).tzname()}" in here.get(PAGE).content.decode()


async def test_under_asgi_too(settings: Any) -> None:
    from sessions_ui.web.presence.timezone import time_zone_middleware

    async def view(request: Any) -> str:
        return timezone.get_current_timezone_name()

    request = RequestFactory().get("/")
    request.COOKIES["sessions_ui_zone"] = "Asia/Tokyo"
    assert await time_zone_middleware(view)(request) == "Asia/Tokyo"
    assert timezone.get_current_timezone_name() == timezone.get_default_timezone_name()
