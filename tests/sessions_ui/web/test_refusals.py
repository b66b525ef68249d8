"""What the screen of a signed-out device says, which may be in a thief's hand."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from sessions_ui.web.refusals import turns_away, words
from tests.models import Session

NAMED = {
    "idle_timeout": "You were signed out because this device was not used for a while.",
    "absolute_timeout": "You were signed out because the sign-in reached its time limit.",
    "password_changed": "You were signed out because the password was changed.",
    "password_reset": "You were signed out because the password was reset.",
    "superseded": "You were signed out because of a newer sign-in in this browser.",
    "provider_sign_out": "You were signed out at your sign-in provider.",
    "password_required": (
        "A new password is needed before you can sign in. Ask for one where it says that you forgot yours."
    ),
    "offboarded": "Access to this account ended on the agreed date.",
    "session_limit": "Too many devices are signed in to this account at the same time.",
}
# A thief must not read that somebody has noticed, nor who.
UNNAMED = [
    "signed_out",
    "signed_out_remotely",
    "signed_out_everywhere",
    "factor_changed",
    "email_changed",
    "access_changed",
    "account_disabled",
    "account_deleted",
    "device_lost",
    "not_me",
    "suspicious",
    "help_desk",
    "administrator",
    "incident",
    "owner_ended",
    "api",
]


@pytest.mark.parametrize(("reason", "sentence"), NAMED.items())
def test_a_harmless_reason_is_named(reason: str, sentence: str) -> None:
    assert words(reason) == sentence


@pytest.mark.parametrize("reason", [*UNNAMED, None, ""])
def test_any_other_reason_is_not(reason: str | None) -> None:
    assert words(reason) == "You were signed out."


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("reason", "in_the_cookie"),
    [(reason, reason) for reason in NAMED] + [(reason, "unnamed") for reason in UNNAMED],
)
def test_the_sign_in_page_says_it_once_and_the_cookie_holds_no_other_reason(
    reason: str, in_the_cookie: str, user: Any, browser: Any
) -> None:
    client = browser()
    client.force_login(user)
    Session.objects.update(ended_at=timezone.now(), end_reason=reason)
    response = client.get("/account/devices/")
    assert response.cookies["signed_out"].value == in_the_cookie
    sentence = NAMED.get(reason, "You were signed out.")
    assert sentence in client.get(response.url).content.decode()
    assert sentence not in client.get(response.url).content.decode()


TO_SIGN_IN = "/account/login/?next=/"


@pytest.mark.parametrize("status", [301, 302, 303, 307])
def test_a_redirect_turns_away_only_where_it_leads_to_the_sign_in_page(status: int) -> None:
    assert turns_away(HttpResponse(status=status, headers={"Location": TO_SIGN_IN}))
    assert not turns_away(HttpResponse(status=status, headers={"Location": "/elsewhere/"}))
    assert not turns_away(HttpResponse(status=status))


@pytest.mark.parametrize(
    ("status", "does"), [(401, True), (403, True), (200, False), (404, False), (500, False)]
)
def test_of_other_answers_only_those_of_missing_rights_turn_away(status: int, does: bool) -> None:
    assert turns_away(HttpResponse(status=status, headers={"Location": TO_SIGN_IN})) is does
