"""The security log: what its owner reads, and what nobody else does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.conftest import LONDON
from tests.models import Device, Event, EventDetail, Session
from tests.sessions_ui.web.security_log.conftest import PAGE, lines, shown

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def test_the_devices_page_leads_there(here: Any) -> None:
    assert f'href="{PAGE}"' in here.get("/account/devices/").content.decode()


def test_the_part_about_what_ended_lately_leads_there(here: Any, user: Any, signed_in: Any) -> None:
    over = timezone.now()
    signed_in(user, ended_at=over, end_reason="signed_out")
    html = here.get("/account/devices/").content.decode()
    recently = html.partition('aria-labelledby="recently"')[2].partition("</section>")[0]
    assert f'href="{PAGE}"' in recently


def test_the_navigation_of_the_account_leads_there_and_says_where_one_is(here: Any) -> None:
    elsewhere = here.get("/account/devices/").content.decode()
    assert f'<a href="{PAGE}">Log</a>' in elsewhere
    html = here.get(PAGE).content.decode()
    assert f'<a href="{PAGE}" aria-current="page">Log</a>' in html
    assert html.count('aria-current="page"') == 1


def test_the_newest_comes_first_with_device_address_and_time(here: Any, user: Any, happened: Any) -> None:
    at = datetime(2026, 11, 2, 14, 2, tzinfo=UTC)
    phone = Device.objects.create(user=user, name="My phone")
    happened("device_lost", device=phone, address="192.0.2.7", at=at)
    newest, oldest = lines(here.get(PAGE).content.decode())
    assert newest == "Device reported lost 2 November 2026, 14:02 UTC My phone 192.0.2.7"
    assert oldest.startswith("Signed in with a password ") and oldest.endswith(f"Firefox on Linux {LONDON}")


def test_nobody_reads_what_happened_to_somebody_else(here: Any, other_user: Any, happened: Any) -> None:
    happened("device_lost", user=other_user, actor=other_user, address="192.0.2.7")
    assert shown(here) == ["Signed in with a password"]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("address", [PAGE, f"{PAGE}unlock/", f"{PAGE}download/"])
def test_nobody_gets_there_without_a_sign_in(address: str, method: str, browser: Any, db: None) -> None:
    answer = getattr(browser(), method)(address)
    assert answer.status_code == 302 and "/account/login/" in answer.url


def test_no_cache_keeps_the_page(here: Any) -> None:
    assert "no-store" in here.get(PAGE).headers["Cache-Control"]


def test_what_staff_did_is_told_without_who_from_where_and_in_which_words(
    here: Any, happened: Any, agent: Any
) -> None:
    happened("device_lost", actor=agent, address="198.51.100.4", text="called, sounded drunk")
    happened("ended", actor=agent, reason="administrator", address="198.51.100.4")
    happened(
        "help_desk", actor=agent, data={"step": "opened", "case": "x"}, text="ada@", address="198.51.100.4"
    )
    happened("impersonated", actor=agent, text="Your invoice", address="198.51.100.4")
    html = here.get(PAGE).content.decode()
    assert shown(here)[:4] == [
        "Support used your account",
        "Help desk: case opened",
        "Signed out by an administrator",
        "Device reported lost",
    ]
    assert lines(html)[3].endswith("UTC by staff")
    for secret in ("198.51.100.4", "drunk", "ada@<", "invoice", agent.email, "Agent"):
        assert secret not in html.partition('id="security-log"')[2], secret


def test_from_where_support_did_something_in_the_account_is_not_told(
    here: Any, user: Any, happened: Any
) -> None:
    own = Session.objects.get(user=user)
    of_support = Session.objects.create(
        user=user, impersonated_from=own, digest="of support", expires_at=own.expires_at
    )
    happened("client_changed", actor=None, session=of_support, address="198.51.100.4")
    no_longer_kept = of_support.pk + 1000
    happened("client_changed", actor=None, session_id=no_longer_kept, address="198.51.100.5")
    html = here.get(PAGE).content.decode()
    assert html.count("A sign-in went on in another browser or system") == 2
    assert "198.51.100." not in html


def test_support_that_leaves_was_on_no_device_of_the_owner(
    here: Any, user: Any, happened: Any, agent: Any
) -> None:
    own = Session.objects.get(user=user)
    of_support = Session.objects.create(
        user=user, impersonated_from=own, digest="of support", expires_at=own.expires_at
    )
    happened("ended", actor=agent, reason="signed_out", session=of_support)
    happened("ended", actor=user, reason="signed_out_remotely", session=of_support)
    assert shown(here)[:2] == ["Signed out by you, from another device", "Support left your account"]


def test_the_address_that_was_left_is_masked(here: Any, happened: Any) -> None:
    happened("email_changed", text="ada@former.example")
    happened(
        "credential_changed", data={"credential": "address", "change": "removed"}, text="old@former.example"
    )
    html = here.get(PAGE).content.decode()
    assert shown(here)[:2] == ["An email address was removed", "The email address was changed"]
    assert "a•••@former.example" in html and "o•••@former.example" in html
    assert "ada@former.example" not in html and "old@former.example" not in html


def test_a_passkey_is_called_what_its_owner_called_it(here: Any, happened: Any, agent: Any) -> None:
    passkey = {"credential": "passkey", "change": "added"}
    happened("credential_changed", data=passkey, text="<b>Blue</b> key")
    happened("credential_changed", data=passkey, text="by staff alone", actor=agent)
    html = here.get(PAGE).content.decode()
    assert "<bdi>&lt;b&gt;Blue&lt;/b&gt; key</bdi>" in html
    assert "by staff alone" not in html


def test_messages_and_an_agreed_end_of_access_are_left_out(here: Any, happened: Any) -> None:
    for kind in ("delivered", "delivery_failed", "offboarding_set", "offboarding_cancelled", "trust_ended"):
        happened(kind)
    assert shown(here) == ["Signed in with a password"]


def test_a_kind_that_nobody_has_a_phrase_for_is_told_by_its_name(here: Any, happened: Any) -> None:
    happened("service_account", data={"step": "created"})
    happened("of_a_later_release")
    assert shown(here)[:2] == ["Of_a_later_release", "Service account"]


def test_an_empty_log_says_so(here: Any, user: Any) -> None:
    EventDetail.objects.filter(event__user=user).delete()
    events = Event.objects.filter(user=user)
    events._raw_delete(events.db)  # as the retention time does
    html = here.get(PAGE).content.decode()
    assert "There are no events here." in html and "<ol" not in html


def test_no_entry_more_is_a_statement_more(here: Any, user: Any, happened: Callable[..., Any]) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            here.get(PAGE)
        return len(asked)

    phone = Device.objects.create(user=user, name="My phone")
    own = Session.objects.get(user=user)
    happened("device_lost", device=phone, session=own, address="192.0.2.7")
    few = statements()
    for _number in range(30):
        happened("device_lost", device=phone, session=own, address="192.0.2.7")
    assert statements() == few
    # Who asks, the events, whether they are an agent (for the navigation).
    assert few <= 4


def test_htmx_gets_the_part_that_the_form_narrows_down(here: Any, happened: Any) -> None:
    happened("device_lost")
    html = here.get(PAGE, {"kind": "devices"}, headers=HTMX).content.decode()
    assert "<html" not in html and '<section id="security-log"' in html
    assert '<div id="security-log-status" hx-swap-oob="innerHTML">1 entry is shown.</div>' in html


def test_a_name_that_somebody_gave_hides_no_device(here: Any, user: Any, happened: Any) -> None:
    """A thief calls their own device as one of the owner's is called."""
    thief = Device.objects.create(user=user, name="Firefox on Linux", browser="Chrome", system="Windows")
    happened("signed_in", device=thief)
    assert "Firefox on Linux (Chrome on Windows)" in lines(here.get(PAGE).content.decode())[0]
