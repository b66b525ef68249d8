"""The steps back to an account, in a real browser."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import VerifiedAddress
from sessions_ui.actions.devices.not_me import report_not_me
from sessions_ui.not_me_link import recovery_token
from tests.browser.axe import violations
from tests.browser.conftest import sign_in_elsewhere
from tests.browser.test_devices import EDGE_ON_WINDOWS
from tests.conftest import FIREFOX_ON_LINUX
from tests.models import Delivery, Event, Recovery, Session
from tests.passkeys import Passkey

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def link(user: Any) -> str:
    """Somebody else was in, with an address and a passkey of their own; it was reported."""
    long_ago = timezone.now() - timedelta(days=90)
    VerifiedAddress.objects.filter(user=user).update(verified_at=long_ago)
    sign_in_elsewhere(user, user_agent=EDGE_ON_WINDOWS)
    session = Session.objects.select_related("device").get()
    Passkey(user, "My new laptop", timezone.now())
    Passkey(user, "The owner's", long_ago)
    EmailAddress.objects.create(user=user, email="somebody-else@elsewhere.example", verified=False)
    report_not_me(session=session, actor=user)
    mailed = Delivery.objects.get(event__kind=Event.Kind.RECOVERY_LINK)
    return reverse("sessions_ui:recovery_link", args=[recovery_token(mailed.pk)])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_step_in_every_width_without_a_barrier(scheme: str, link: str, visitor: Any, user: Any) -> None:
    person = visitor(user_agent=FIREFOX_ON_LINUX)
    page = person.page
    page.emulate_media(color_scheme=scheme)
    person.go(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Get your account back")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(SIDEWAYS) <= 0, width
    assert violations(page) == []
    page.get_by_label("New password", exact=True).fill("a horse of another colour")
    page.get_by_label("New password confirmation").fill("a horse of another colour")
    page.get_by_role("button", name="Use this password").click()
    expect(page.get_by_text("You chose a new password")).to_be_visible()
    page.get_by_role("button", name="Remove what’s ticked").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account is yours again")
    assert violations(page) == []
    assert Recovery.objects.get().closed_why == Recovery.ClosedWhy.DONE
    assert [row.email for row in EmailAddress.objects.filter(user=user)] == [user.email]
