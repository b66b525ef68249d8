"""The badges beside a title: neither under what stands at the end of the row, nor out of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from sessions_ui import create_token
from tests.browser.conftest import sign_in_elsewhere
from tests.conftest import FIREFOX_ON_LINUX
from tests.models import Device, Session

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = (320, 360, 390, 703, 704, 720, 760, 860, 960, 1024, 1200)
LANGUAGES = ("en", "de", "ar", "fr", "es", "pt-BR")
TITLE = "Chromium on Linux (first seen 1 December 2026, 01:55)"
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Pairs of texts that lie upon each other: badges, the arrow of their row, the buttons at its end.
UPON_EACH_OTHER = """cards => cards.flatMap(card => {
  const badges = [...card.querySelectorAll(".sui-badge")];
  const beside = ":scope > .sui-card__act .sui-button, summary > :is(h3, .sui-icon, .sui-card__line)";
  const others = [...card.querySelectorAll(beside), ...badges];
  const box = part => part.getBoundingClientRect();
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > .5
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > .5;
  const leaves = a => a.left < box(card).left || a.right > box(card).right;
  return badges.flatMap(badge => [
    ...others.filter(other => other !== badge && meet(box(badge), box(other))),
    ...(leaves(box(badge)) ? [card] : []),
  ].map(other => [badge.innerText, (other.innerText ?? "icon").slice(0, 40)]));
})"""
ROOM = "document.querySelector('.sui-card--flagged summary').getBoundingClientRect().width"


@pytest.mark.parametrize("language", LANGUAGES)
def test_badges_lie_on_nothing_at_any_width(visitor: Any, user: Any, language: str) -> None:
    here = visitor(user_agent=FIREFOX_ON_LINUX, locale=language)
    here.sign_in(user)
    Device.objects.update(name=TITLE)
    Session.objects.update(verdict="new", verdict_reasons=["new_device"], reviewed_at=None)
    now = timezone.now()
    made = create_token(
        user=user,
        name="Backup of the whole house",
        scopes=["sessions:read"],
        expires_at=now + timedelta(hours=9),
    )
    Session.objects.filter(pk=made.token.pk).update(signed_in_at=now - timedelta(days=80))
    page = here.go("/account/devices/")
    cards = page.locator(".sui-card")
    expect(page.locator(".sui-card--current .sui-badge")).to_have_count(2)
    expect(page.locator("[id^=token-] .sui-badge")).not_to_have_count(0)
    for state in ("closed", "open"):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert cards.evaluate_all(UPON_EACH_OTHER) == [], (state, width)
            assert page.evaluate(SIDEWAYS) <= 0, (state, width)
        for summary in page.locator(".sui-card__open > summary").all():
            summary.click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_needs_a_look_has_room_for_its_text_at_any_width(visitor: Any, user: Any, language: str) -> None:
    """Its two buttons are long in some languages: beside them a name stood in a column of one letter."""
    sign_in_elsewhere(user)
    here = visitor(user_agent=FIREFOX_ON_LINUX, locale=language)
    here.sign_in(user)
    Session.objects.update(
        verdict="suspicious", verdict_reasons=["new_device", "new_country"], reviewed_at=None
    )
    page = here.go("/account/devices/")
    expect(page.locator(".sui-card--flagged summary")).to_have_count(1)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(ROOM) >= 250, width
