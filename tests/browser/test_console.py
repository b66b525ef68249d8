"""No page of ours logs an error or a warning in the browser's console: all that a person can open, found by its URL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import expect

from sessions_ui.actions.devices.not_me import report_not_me
from sessions_ui.not_me_link import not_me_token, recovery_token
from tests.browser.conftest import sign_in_elsewhere
from tests.browser.test_help_desk import at_the_desk, open_case, verify, with_factor
from tests.conftest import Browser as WithoutPages
from tests.models import Case, Delivery, Device, Event, Session

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LEAVES = {"/account/logout/"}  # signs out where no question is asked first: visited last
ADMIN = "/admin/"  # test_pages.py has a walk of its own there


def addresses(patterns: Any, prefix: str = "/") -> Iterator[str]:
    """Those without anything to fill in."""
    for one in patterns:
        address = f"{prefix}{one.pattern}"
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, address)
        elif isinstance(one, URLPattern) and not one.pattern.converters and "(" not in address:
            yield address


def pages_for(client: WithoutPages) -> list[str]:
    """Which addresses show this visitor a page, asked for without drawing it."""
    own = [address for address in addresses(get_resolver().url_patterns) if not address.startswith(ADMIN)]
    return [address for address in own if is_page(client.get(address))]


def is_page(response: Any) -> bool:
    return response.status_code == 200 and response.headers["Content-Type"].startswith("text/html")


def visit(visitor: Any, paths: list[str]) -> None:
    for path in sorted(paths, key=lambda path: path in LEAVES):
        visitor.go(path)
        visitor.page.wait_for_load_state("load")
    assert visitor.complaints == []


def test_pages_for_anybody(visitor: Any) -> None:
    paths = pages_for(WithoutPages())
    assert {"/account/login/", "/account/signup/", "/account/password/reset/"} <= {*paths}
    visit(visitor(), paths)


def test_pages_of_the_account(visitor: Any, user: Any) -> None:
    sign_in_elsewhere(user)
    here = visitor()
    here.sign_in(user)
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(user)
    device = Device.objects.filter(user=user).earliest("pk")
    Session.objects.filter(device=device).update(
        verdict="suspicious", verdict_reasons=["new_device", "new_country"], reviewed_at=None
    )
    situations = [
        reverse("sessions_ui:situation", args=[device.public_id, name])
        for name in ("lost", "not_mine", "unused")
    ]
    without = WithoutPages()
    without.force_login(user)
    paths = pages_for(without)
    assert {"/account/devices/", "/account/email/", "/account/2fa/"} <= {*paths}
    visit(here, [*paths, reverse("sessions_ui:device", args=[device.public_id]), *situations])


def test_pages_after_a_report(visitor: Any, user: Any) -> None:
    sign_in_elsewhere(user)
    sign_in_elsewhere(user)
    reported, told = Session.objects.filter(user=user).select_related("device").order_by("pk")
    event = Event.objects.create(kind=Event.Kind.FLAGGED, user=user, session=told)
    alert = Delivery.objects.create(event=event, user=user, channel="mail", receiver=user.email)
    guest = visitor()
    visit(guest, [reverse("sessions_ui:not_me", args=[not_me_token(alert.pk)])])
    report_not_me(session=reported, actor=user)
    mailed = Delivery.objects.filter(event__kind=Event.Kind.RECOVERY_LINK).latest("pk")
    visit(guest, [reverse("sessions_ui:recovery_link", args=[recovery_token(mailed.pk)])])


def test_pages_of_the_help_desk(visitor: Any, user: Any, agent: Any) -> None:
    sign_in_elsewhere(user)
    desk = at_the_desk(visitor, with_factor(agent))
    open_case(desk.page, user.email)
    verify(desk.page)
    expect(desk.page.get_by_role("button", name="Sign out selected")).to_be_visible()
    case = reverse("help_desk:case", args=[Case.objects.get().public_id])
    visit(desk, ["/help-desk/", reverse("help_desk:approvals"), case])


@pytest.mark.parametrize("how", ["warn", "error"])
def test_what_a_page_says_is_heard(visitor: Any, how: str) -> None:
    guest = visitor()
    guest.go("/account/login/").evaluate(f"console.{how}('something is odd')")
    with pytest.raises(AssertionError, match="something is odd"):
        visit(guest, ["/account/login/"])
