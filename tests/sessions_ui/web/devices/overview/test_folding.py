"""A program that signs in at every call is one line of the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.models.containment import with_limits
from sessions_ui.web.devices.overview.listing import listing
from tests.models import Device, Session

pytestmark = pytest.mark.django_db

SignedIn = Callable[..., Session]
CURL = {"kind": "tool", "browser": "curl", "system": ""}


def test_sign_ins_without_cookies_are_one_line(user: Any, browser: Any) -> None:
    """As they come in: each call signs in with a fresh cookie jar."""
    for _call in range(3):
        browser(user_agent="curl/8.5.0").sign_in(user)
    assert Device.objects.count() == 3
    [card] = listing(user, current=None).cards
    assert card.is_folded and len(card.sessions) == 3
    assert (card.title, card.about) == ("curl", "signs in again each time")


def test_hundreds_cost_as_many_statements_as_two(user: Any, signed_in: SignedIn) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(listing(user, current=asking).cards) == 1
        return len(captured)

    asking = with_limits(Session(), None)  # a session of elsewhere
    for _call in range(2):
        signed_in(user, device=CURL)
    two = statements()
    for _call in range(40):
        signed_in(user, device=CURL)
    assert statements() == two == 2
    for _call in range(60):
        signed_in(user, device=CURL)
    assert statements() == 4  # of many it reads the summaries first, and then what is shown


@pytest.mark.parametrize(
    ("device", "fields"),
    [
        ({"kind": "tool", "browser": "Wget", "system": ""}, {}),
        (CURL, {"address": "89.160.20.112"}),
        ({**CURL, "name": "Backup"}, {}),
        ({**CURL, "confirmed_at": timezone.now()}, {}),
        ({**CURL, "lost_at": timezone.now()}, {}),
        # It came back: its cookie was kept.
        ({**CURL, "first_seen_at": timezone.now() - timedelta(days=1)}, {}),
        ({"kind": "computer", "browser": "curl", "system": ""}, {}),
        # What looks suspicious is not hidden among what does not.
        (CURL, {"verdict": "suspicious", "verdict_reasons": ["new_country"]}),
    ],
)
def test_what_is_something_else_has_a_line_of_its_own(
    user: Any, signed_in: SignedIn, device: dict[str, Any], fields: dict[str, Any]
) -> None:
    signed_in(user, device=CURL)
    signed_in(user, device=CURL)
    signed_in(user, device=device, **fields)
    cards = listing(user, current=None).cards
    assert sorted(len(card.sessions) for card in cards) == [1, 2]


def test_browsers_are_never_folded(user: Any, signed_in: SignedIn) -> None:
    signed_in(user)
    signed_in(user)
    assert len(listing(user, current=None).cards) == 2


def test_machines_of_one_network_are_one_line(user: Any, signed_in: SignedIn) -> None:
    """By the network's name where there is ASN data, and by the /64 of IPv6."""
    for address in ("81.2.69.142", "89.160.20.112"):
        signed_in(user, device=CURL, address=address, place={"network": "Some Cloud"})
    for address in ("2001:db8:1:2::1", "2001:db8:1:2::2"):
        signed_in(user, device=CURL, address=address)
    assert [len(card.sessions) for card in listing(user, current=None).cards] == [2, 2]


def test_the_line_signs_all_of_them_out_and_nothing_else(
    user: Any, other_user: Any, browser: Any, signed_in: SignedIn
) -> None:
    here, stranger = browser(), browser()
    here.sign_in(user)
    stranger.sign_in(other_user)
    calls = [signed_in(user, device=CURL) for _call in range(15)]
    laptop = signed_in(user)
    action = f"/account/devices/sessions/{calls[-1].public_id}/sign-out-all/"
    page = here.get("/account/devices/").content.decode()
    assert f'action="{action}"' in page and page.count("<span>Rename<") == 2
    assert stranger.post(action).status_code == 404
    assert "curl is signed out" in here.post(action, follow=True).content.decode()
    living = Session.objects.of(user).living()
    assert living.filter(pk=laptop.pk).exists() and living.count() == 2  # and the one that asked
    assert "was already signed out" in here.post(action, follow=True).content.decode()
