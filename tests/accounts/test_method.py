from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from accounts.signing_in.method import MAX_LENGTH, method, moment

PASSWORD = {"method": "password", "email": "ada@people.example"}
CODE = {"method": "code"}
RESET = {"method": "password_reset"}
TOTP = {"method": "mfa", "type": "totp", "id": 1}
RECOVERY = {"method": "mfa", "type": "recovery_codes", "id": 2}
KEY = {"method": "mfa", "type": "webauthn", "id": 3}
PASSKEY = {**KEY, "passwordless": True}
CONFIRMED = {**PASSWORD, "reauthenticated": True}


def request_with(records: list[dict[str, Any]], user_id: str = "7") -> HttpRequest:
    request = HttpRequest()
    request.session = {  # type: ignore[assignment]
        AUTHENTICATION_METHODS_SESSION_KEY: records,
        _AUTHENTICATION_METHODS_USER_SESSION_KEY: user_id,
    }
    return request


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([], ""),
        ([PASSWORD], "password"),
        ([PASSWORD, TOTP], "password+totp"),
        ([PASSWORD, RECOVERY], "password+recovery_code"),
        ([PASSWORD, KEY], "password+passkey"),
        ([PASSKEY], "passkey"),
        ([CODE], "code"),
        ([CODE, TOTP], "code+totp"),
        ([RESET], "password_reset"),
        ([RESET, TOTP], "password_reset+totp"),
        ([RESET, RECOVERY], "password_reset+recovery_code"),
        ([{"method": "socialaccount", "provider": "google"}], "google"),
        ([{"method": "socialaccount"}], "provider"),
        ([{"method": "mfa", "type": "carrier pigeon"}], ""),
        ([{}], ""),
    ],
)
def test_names_the_steps_of_a_sign_in(records: list[dict[str, Any]], expected: str) -> None:
    assert method(request_with(records), User(pk=7)) == expected


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([PASSWORD, PASSWORD, TOTP], "password+totp"),
        ([PASSWORD, PASSKEY], "passkey"),
        ([PASSKEY, PASSWORD], "password"),
        ([PASSWORD, TOTP, CONFIRMED], "password+totp"),
    ],
)
def test_leaves_out_what_belongs_to_no_or_another_sign_in(
    records: list[dict[str, Any]], expected: str
) -> None:
    assert method(request_with(records), User(pk=7)) == expected


def test_fits_the_column_and_cuts_no_step_in_half() -> None:
    provider = {"method": "socialaccount", "provider": "a-provider-with-a-long-name"}
    name = method(request_with([provider, RECOVERY]), User(pk=7))
    assert name == "a-provider-with-a-long-name"
    assert len(name) <= MAX_LENGTH


def test_records_of_another_user_are_not_believed() -> None:
    assert method(request_with([PASSWORD], user_id="8"), User(pk=7)) == ""


def test_a_bare_request_is_unknown() -> None:
    assert method(HttpRequest(), User(pk=7)) == ""


def test_without_use_tz_a_moment_is_that_of_the_rows_whoever_reads(settings: Any) -> None:
    """One in the zone of the reader made a confirmation of just now hours old, or not yet there."""
    settings.USE_TZ, settings.TIME_ZONE = False, "Asia/Kathmandu"
    with timezone.override("Asia/Tokyo"):
        assert moment(datetime(2026, 11, 2, 12, tzinfo=UTC)) == datetime(2026, 11, 2, 17, 45)
