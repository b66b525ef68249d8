"""What is on the page, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.web.devices.overview.listing import listing
from tests.models import Session

SignedIn = Callable[..., Session]


def page_statements(client: Any) -> int:
    with CaptureQueriesContext(connection) as statements:
        assert client.get("/account/devices/").status_code == 200
    return len(statements)


def test_fifty_devices_cost_as_many_statements_as_two(browser: Any, user: Any, signed_in: SignedIn) -> None:
    here = browser()
    here.sign_in(user)
    signed_in(user)
    here.get("/account/devices/")  # shows the greeting, so that the counted ones are equal
    two = page_statements(here)
    for number in range(48):
        signed_in(user, device={"name": f"number {number}"})
    for _ in range(10):
        signed_in(user, ended_at=timezone.now(), end_reason="idle_timeout")
    assert page_statements(here) == two
    assert (
        two <= 5
    )  # session with user, living, ended, access tokens; whether there is a tab of the help desk


def test_this_device_first_then_by_last_activity(browser: Any, user: Any, signed_in: SignedIn) -> None:
    now = timezone.now()
    here = browser()
    here.sign_in(user)
    signed_in(user, device={"name": "old"}, last_seen_at=now - timedelta(days=2))
    signed_in(user, device={"name": "newer"}, last_seen_at=now + timedelta(seconds=5))
    html = here.get("/account/devices/").content.decode()
    assert html.index("This device</span>") < html.index("<h3>newer</h3>") < html.index("<h3>old</h3>")


def test_several_sign_ins_of_one_device_are_one_card(user: Any, signed_in: SignedIn) -> None:
    first = signed_in(user)
    signed_in(user, device=first.device)
    signed_in(user)
    found = listing(user, current=first)
    assert found.count == 2
    assert found.current is not None and found.current.several
    assert found.elsewhere == 2


def test_two_equal_devices_stay_two(user: Any, signed_in: SignedIn) -> None:
    signed_in(user)
    signed_in(user)
    assert len(listing(user, current=None).others) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"expires_at": timezone.now() - timedelta(minutes=1)},
        {"last_seen_at": timezone.now() - timedelta(days=15)},
        {"signed_in_at": timezone.now() - timedelta(days=31)},
    ],
)
def test_what_would_be_refused_is_not_listed(user: Any, signed_in: SignedIn, fields: dict[str, Any]) -> None:
    signed_in(user, **fields)
    assert listing(user, current=None).count == 0


def test_history_goes_back_as_far_as_the_setting_says(user: Any, signed_in: SignedIn) -> None:
    now = timezone.now()
    recent = signed_in(user, ended_at=now - timedelta(days=29), end_reason="signed_out")
    signed_in(user, ended_at=now - timedelta(days=31), end_reason="signed_out")
    assert listing(user, current=None).recently_ended == [recent]


def test_a_session_without_a_device_has_a_card(browser: Any, user: Any, signed_in: SignedIn) -> None:
    session = signed_in(user)
    Session.objects.filter(pk=session.pk).update(device=None)
    here = browser()
    here.sign_in(user)
    html = here.get("/account/devices/").content.decode()
    assert "Unknown device" in html
    assert f"/account/devices/sessions/{session.public_id}/sign-out/" in html


def test_the_listing_knows_the_providers_by_which_people_signed_in(user: Any, signed_in: Any) -> None:
    own = signed_in(user, provider="google")
    for provider in ("okta", "google", ""):
        signed_in(user, provider=provider)
    assert listing(user, current=own).providers == ["google", "okta"]


@pytest.mark.parametrize(
    ("ahead", "is_active"),
    [(timedelta(seconds=5), True), (timedelta(minutes=4), True), (timedelta(hours=1), False)],
)
def test_a_moment_of_a_wrong_clock_is_no_activity(
    browser: Any, user: Any, signed_in: SignedIn, ahead: timedelta, is_active: bool
) -> None:
    here = browser()
    here.sign_in(user)
    signed_in(user, device={"name": "Ahead"}, last_seen_at=timezone.now() + ahead)
    row = here.get("/account/devices/").content.decode().split("<h3>Ahead</h3>")[1].split("</summary>")[0]
    assert ("Active now" in row) is is_active
    assert ("Last active at an unknown time" in row) is not is_active
