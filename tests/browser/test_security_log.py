"""The security log in a real browser: narrowed down with and without scripts, in every dress."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.models import Device, Event

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/account/devices/log/"
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def fill(user: Any) -> None:
    phone = Device.objects.create(user=user, name="Donaudampfschifffahrtsgesellschaftskapitänskajütenrechner")
    for number in range(60):
        at = timezone.now() - timedelta(hours=60 - number)
        Event.objects.create(kind="device_lost", user=user, actor=user, device=phone, at=at)


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_it_is_narrowed_down_and_leafed_through(visitor: Any, user: Any, scripts: bool) -> None:
    here = visitor(java_script_enabled=scripts)
    here.sign_in(user)
    fill(user)
    page = here.go(PAGE)
    page.get_by_label("Show").select_option("devices")
    if not scripts:
        page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**kind=devices**")
    expect(page.locator("#security-log ol > li")).to_have_count(50)
    page.get_by_role("link", name="Older").click()
    expect(page.locator("#security-log ol > li")).to_have_count(10)
    assert "kind=devices" in page.url
    page.get_by_role("link", name="Newer").click()
    expect(page.locator("#security-log ol > li")).to_have_count(50)
    assert here.complaints == []


def test_the_file_is_what_was_chosen(visitor: Any, user: Any) -> None:
    here = visitor()
    here.sign_in(user)
    fill(user)
    page = here.go(f"{PAGE}?kind=devices")
    confirm = page.get_by_role("button", name="Confirm it’s you, then download")
    if confirm.count():
        confirm.click()
        page.get_by_label("Password").fill("correct horse battery staple")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    rows = download.value.path().read_text(encoding="utf-8").splitlines()
    assert len(rows) == 61 and download.value.suggested_filename.endswith(".csv")
    assert here.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_and_nothing_sideways(visitor: Any, user: Any, scheme: str) -> None:
    here = visitor(color_scheme=scheme)
    here.sign_in(user)
    fill(user)
    for path in (PAGE, f"{PAGE}?since=2999-01-01", f"{PAGE}?kind=none&since=9999-01-01"):
        page = here.go(path)
        for width in (1280, 390, 320):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(SIDEWAYS) <= 0, (path, width)
        assert violations(page) == [], path
    assert here.complaints == []
