"""A thief has the password, and tries to become the owner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts.credentials.factor_secrets import unseal
from config.demo.factor import current_code
from sessions_ui.actions.step_up.codes import other_factor
from sessions_ui.session_user import AUTH_KEYS
from tests.accounts.bare_urls import HEADLESS
from tests.accounts.conftest import SECRET
from tests.accounts.credential_views import (
    API_OTHERS,
    API_SHOWS,
    API_WRITES,
    SECOND,
    WITHOUT_FACTOR,
    add_app,
    add_key,
    calls_in,
    new_codes,
    registration,
    remove_app,
    state_of,
)
from tests.accounts.journeys import is_question, signed_in_by
from tests.aging import long_ago
from tests.an_app import app_store
from tests.conftest import PASSWORD, Browser
from tests.models import Device, Session

# With real transactions: an error in `delete()` breaks the one around it.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.accounts.bare_urls")]

STOLEN = "a password of the thief"


@pytest.fixture(autouse=True)
def _time_stands_still() -> Iterator[None]:
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.fixture
def owner(browser: Any, user: Any) -> Session:
    """Nine days ago, on a device that is confirmed."""
    browser().sign_in(user)
    session = Session.objects.of(user).get()
    Session.objects.filter(pk=session.pk).update(signed_in_at=F("signed_in_at") - timedelta(days=9))
    Device.objects.filter(user=user).update(
        confirmed_at=timezone.now() - timedelta(days=8), first_seen_at=F("first_seen_at") - timedelta(days=9)
    )
    return session


def as_thief(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    return client


def lives(session: Session) -> bool:
    return Session.objects.living().filter(pk=session.pk).exists()


def everywhere(client: Any) -> Any:
    return client.post(reverse("sessions_ui:sign_out_everywhere"), follow=True)


def test_a_thief_of_the_password_adds_no_factor_and_signs_nobody_out(
    browser: Any, user: Any, owner: Session
) -> None:
    """As it worked: a TOTP and a passkey, another sign-in with that passkey, that TOTP as the further proof."""
    thief = as_thief(browser, user)
    before = state_of(user)
    thief.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    for attempt in (add_app, add_key):
        refused = attempt(thief)
        assert refused.status_code == 200 and is_question(refused)
    assert state_of(user) == before
    assert "One more step" in everywhere(thief).content.decode()
    assert "One more step" in everywhere(as_thief(browser, user)).content.decode()
    assert lives(owner)
    assert (
        not Device.objects.filter(user=user, confirmed_at__isnull=False).exclude(pk=owner.device_id).exists()
    )


def test_a_factor_that_a_thief_has_set_up_proves_nothing_at_another_sign_in(
    browser: Any, user: Any, owner: Session, settings: Any
) -> None:
    """One that was there before the rule was, or was written past it."""
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CREDENTIAL_GUARD": False}
    thief = as_thief(browser, user)
    thief.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    add_app(thief)
    secret = unseal(Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP).data["secret"])
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CREDENTIAL_GUARD": True}
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        again = signed_in_by(browser(), user, method="mfa", type="webauthn", passwordless=True)
        Session.objects.filter(pk=again.session.session_id).update(method="passkey")
        again.post(reverse("mfa_reauthenticate"), {"code": current_code(secret)})
        session = Session.objects.get(pk=again.session.session_id)
        assert other_factor(session) == ""
        assert "One more step" in everywhere(again).content.decode()
        assert is_question(new_codes(again))
    assert lives(owner)


def with_app(user: Any, browser: Any) -> Any:
    """The owner's account with an authenticator app; and a thief who has a cookie of it, copied a moment ago."""
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    browser().force_login(user)
    long_ago(user)
    return signed_in_by(browser(), user, method="password")


def test_a_thief_of_a_new_sign_in_makes_no_recovery_codes(browser: Any, user: Any) -> None:
    thief, before = with_app(user, browser), state_of(user)
    assert is_question(new_codes(thief))
    assert state_of(user) == before


def test_a_thief_of_a_new_sign_in_does_not_remove_the_owners_app(browser: Any, user: Any) -> None:
    thief, before = with_app(user, browser), state_of(user)
    assert is_question(remove_app(thief))
    assert state_of(user) == before


PROBLEM = {
    "type": "urn:sessions-ui:further-proof-needed",
    "title": "Nothing was changed. To change how you sign in, first confirm it’s you.",
    "status": 403,
}


def test_all_that_the_headless_api_does_is_known_as_what_writes_or_shows_a_credential_or_does_not() -> None:
    everything = {*calls_in(HEADLESS)}
    known = API_WRITES.keys() | API_SHOWS | API_OTHERS
    both = {(method, f"{kind}/v1/{address}") for method, address in known for kind in ("browser", "app")}
    assert everything == both - {("post", "browser/v1/tokens/refresh")}


@pytest.mark.parametrize(("method", "address"), API_WRITES)
@pytest.mark.parametrize("kind", ["browser", "app"])
def test_a_thief_changes_nothing_by_the_headless_api(
    kind: str, method: str, address: str, browser: Any, user: Any, owner: Session
) -> None:
    EmailAddress.objects.create(user=user, email=SECOND, verified=True)
    has_factor = (method, address) not in WITHOUT_FACTOR
    if has_factor:
        key = {"name": "Blue key", "credential": registration("")}
        Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=key)
    thief = with_app(user, browser) if has_factor else signed_in_by(browser(), user, method="password")
    api = partial(by_api, kind, thief if kind == "browser" else as_app(thief, user))
    before = state_of(user)
    assert_refused(API_WRITES[method, address](api, method, address, user))
    assert state_of(user) == before


@pytest.mark.parametrize(("method", "address"), API_SHOWS)
@pytest.mark.parametrize("kind", ["browser", "app"])
def test_a_thief_reads_no_recovery_codes_by_the_headless_api_and_the_owner_does(
    kind: str, method: str, address: str, browser: Any, user: Any, owner: Session
) -> None:
    thief = with_app(user, browser)
    codes, before = RecoveryCodes.activate(user).get_unused_codes(), state_of(user)
    here = thief if kind == "browser" else as_app(thief, user)
    refused = by_api(kind, here, method, address, {})
    assert_refused(refused)
    assert not any(code in refused.content.decode() for code in codes)
    assert state_of(user) == before
    long_ago(user)
    Device.objects.filter(user=user).update(confirmed_at=timezone.now())
    shown = by_api(kind, here, method, address, {})
    assert shown.json()["data"]["unused_codes"] == codes


def as_app(client: Any, user: Any) -> Any:
    """The session of an app in which the same was shown as in that of this browser."""
    shown = {name: value for name, value in client.session.items() if name not in AUTH_KEYS}
    return app_store(user, **shown)


def by_api(kind: str, who: Any, method: str, address: str, data: dict[str, Any]) -> Any:
    """As a page with the cookie of `who`, a browser; or as an app with the key of `who`, a session."""
    client, headers = who, {"Accept": "application/json"}
    if kind == "app":
        client, headers = Browser(), {**headers, "X-Session-Token": who.session_key}
    call = getattr(client, method)
    return call(f"/_allauth/{kind}/v1/{address}", data, content_type="application/json", headers=headers)


def assert_refused(answer: Any) -> None:
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/problem+json")
    assert answer.json() == PROBLEM


def test_a_view_of_the_hosts_own_changes_no_password_for_a_thief(
    browser: Any, user: Any, owner: Session
) -> None:
    thief, before = as_thief(browser, user), state_of(user)
    refused = thief.post(
        "/own/password/", {"password": STOLEN}, headers={"Referer": "http://testserver/own/"}
    )
    assert refused.status_code == 200 and is_question(refused)
    assert state_of(user) == before
    assert lives(owner) and Session.objects.living().count() == 2


def test_a_view_of_the_hosts_own_changes_no_address_for_a_thief(
    browser: Any, user: Any, owner: Session
) -> None:
    thief, before = as_thief(browser, user), state_of(user)
    body = {"email": "evil@thief.example"}
    refused = thief.post("/own/email/", body, content_type="application/json", headers={"Accept": "*/*"})
    assert (refused.status_code, refused.json()) == (403, PROBLEM)
    assert state_of(user) == before
