"""An administrator who signed in a while ago, with and without a second factor."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.utils import timezone

from tests.aging import age_sign_ins
from tests.sessions_ui.web.administration import office

HOURS = timedelta(hours=5)
SECRET = "JBSWY3DPEHPK3PXP"
ASKS = "data-staff-question"
PASSWORD_FIELD = "sessions_ui-password"
SignedIn = Callable[..., Any]


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    office.DONE.clear()


@pytest.fixture
def factor(administrator: Any) -> Authenticator:
    """An authenticator app that the administrator has had for long."""
    TOTP.activate(administrator, SECRET)
    Authenticator.objects.filter(user=administrator).update(created_at=timezone.now() - timedelta(days=30))
    return Authenticator.objects.get(user=administrator)


@pytest.fixture
def signed_in_before(administrator: Any, browser: Any) -> SignedIn:
    """`signed_in_before(timedelta(…))`: a browser of the administrator's, whose sign-in was so long ago."""

    def sign_in(ago: timedelta = HOURS) -> Any:
        client = browser()
        client.force_login(administrator)
        age_sign_ins(administrator, ago)
        return client

    return sign_in


def asks(response: Any) -> bool:
    return response.status_code in (403, 422, 429) and ASKS in response.content.decode()


def kept_in(response: Any) -> dict[str, list[str]]:
    """The fields that wait in the page that asks, as the browser sends them with the answer."""
    kept: dict[str, list[str]] = {}
    page = response.content.decode()
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page):
        if name != "csrfmiddlewaretoken":
            kept.setdefault(html.unescape(name), []).append(html.unescape(value))
    return kept
