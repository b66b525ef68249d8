"""An app that uses allauth's headless API: it has no page for a code, but an older factor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.utils import timezone

from config.demo.factor import current_code
from tests.accounts.conftest import SECRET
from tests.accounts.journeys import NEW_PASSWORD, NOTHING, PROOF, has_password, signed_in_by
from tests.accounts.test_who_is_asked import ROWS
from tests.aging import long_ago
from tests.conftest import PASSWORD

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
        yield App(browser(), signed_in_by(browser(), user, method="password").session.session_key)


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
