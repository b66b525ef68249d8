"""An app that uses allauth's headless API: it has no page for a code, but an older factor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.utils import timezone

from config.demo.factor import current_code
from tests.accounts.conftest import SECRET
from tests.accounts.journeys import NEW_PASSWORD, NOTHING, PROOF, confirmed, has_password
from tests.accounts.test_who_is_asked import ROWS
from tests.aging import long_ago
from tests.an_app import app_store
from tests.conftest import PASSWORD
from tests.models import Session

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.bare_urls")]

APP = "/_allauth/app/v1/"


class App:
    """A phone's app. Counts what somebody does in it."""

    def __init__(self, client: Any, key: str) -> None:
        self.client, self.key, self.clicks = client, key, 0

    def post(self, address: str, data: dict[str, str]) -> Any:
        self.clicks += 1
        headers = {"X-Session-Token": self.key, "Accept": "application/json"}
        return self.client.post(APP + address, data, content_type="application/json", headers=headers)

    def change_password(self) -> Any:
        return self.post(
            "account/password/change", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        )


@pytest.fixture
def app(user: Any, browser: Any) -> Iterator[App]:
    with time_machine.travel(timezone.now(), tick=False):
        TOTP.activate(user, SECRET)
        Authenticator.objects.update(created_at=timezone.now() - timedelta(days=60))
        browser().force_login(user)
        long_ago(user)
        yield App(browser(), str(app_store(user, **confirmed(user, method="password")).session_key))


def test_an_app_changes_the_password_with_an_older_factor(app: App, user: Any) -> None:
    (row,) = [row for row in ROWS if row.who == "an app that uses the headless API"]
    assert (row.asked, row.ways) == (PROOF, {"older factor"})
    refused = app.change_password()
    assert refused.json()["type"] == "urn:sessions-ui:further-proof-needed"
    assert not has_password(user)
    app.clicks = 0
    confirmed = app.post("auth/2fa/reauthenticate", {"code": current_code(SECRET)})
    app.key = confirmed.json()["meta"]["session_token"]  # another one: whoever copied the old one has none
    assert app.change_password().status_code == 200
    assert has_password(user) and str(app.clicks) == row.now


def test_without_the_rule_it_did_so_at_once(app: App, user: Any, settings: Any) -> None:
    (row,) = [row for row in ROWS if row.who == "an app that uses the headless API"]
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CREDENTIAL_GUARD": False}
    assert app.change_password().status_code == 200
    assert has_password(user) and str(app.clicks) == row.before
    assert row.asked != NOTHING


def test_a_reset_by_mail_in_a_signed_in_app_is_a_reset_and_no_change(
    app: App, user: Any, browser: Any, other_user: Any
) -> None:
    """Whether that session vouches for itself or not: the mailed key does, and every session ends."""
    neighbour = browser()
    neighbour.sign_in(other_user)
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    app.post("auth/password/reset", {"key": key, "password": NEW_PASSWORD})
    assert has_password(user)
    assert not Session.objects.living().filter(user=user).exists()
    assert set(Session.objects.filter(user=user).values_list("end_reason", flat=True)) == {"password_reset"}
    assert neighbour.get("/account/devices/").status_code == 200


class Bearer:
    """An app under allauth's JWT strategy."""

    def __init__(self, client: Any) -> None:
        self.client, self.access, self.refresh = client, "", ""

    def call(self, method: str, address: str, data: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.access}"} if self.access else {}
        return self.client.generic(
            method,
            APP + address,
            json.dumps(data or {}),
            content_type="application/json",
            headers={"Accept": "application/json", **headers},
        )

    def sign_in(self, user: Any) -> None:
        told = self.call("POST", "auth/login", {"email": user.email, "password": PASSWORD}).json()["meta"]
        self.access, self.refresh = told["access_token"], told["refresh_token"]


def test_a_confirmation_leaves_an_app_the_tokens_that_it_has(user: Any, browser: Any, settings: Any) -> None:
    settings.HEADLESS_TOKEN_STRATEGY = "allauth.headless.tokens.strategies.jwt.JWTTokenStrategy"
    settings.HEADLESS_JWT_PRIVATE_KEY = private_key()
    phone = Bearer(browser())
    phone.sign_in(user)
    assert phone.call("POST", "auth/reauthenticate", {"password": PASSWORD}).status_code == 200
    assert phone.call("GET", "account/email").status_code == 200
    assert phone.call("POST", "tokens/refresh", {"refresh_token": phone.refresh}).status_code == 200


def test_a_header_does_not_keep_a_browser_from_another_key(user: Any, browser: Any) -> None:
    here = browser()
    here.sign_in(user)
    before = here.cookies["sessionid"].value
    page = "/account/reauthenticate/"
    assert here.post(page, {"password": PASSWORD}, headers={"Authorization": "Bearer x"}).status_code == 302
    assert here.cookies["sessionid"].value != before


def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
