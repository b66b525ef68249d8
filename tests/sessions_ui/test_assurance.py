"""The truth table of docs/assurance.md: what was shown, and what that is called elsewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sessions_ui.assurance import (
    MOST,
    Authentication,
    Kind,
    Level,
    Step,
    acr_of,
    amr_of,
    bounded,
    level_of,
)

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
PASSWORD = Authentication.of("password", at=NOW)
APP = Authentication.of("totp", at=NOW, credential="totp:1", since=NOW - timedelta(days=400))
CODE = Authentication.of("recovery_code", at=NOW)
KEY = Authentication.of("passkey", at=NOW, credential="passkey:2")
PASSKEY = Authentication.of("passkey", at=NOW, user_verified=True)
HARDWARE_KEY = replace(KEY, hardware_bound=True)
HARDWARE_PASSKEY = replace(PASSKEY, hardware_bound=True)
MAIL = Authentication.of("code", at=NOW)
GOOGLE = Authentication.of("google", at=NOW)
LATER = NOW + timedelta(minutes=5)
APP_LATER = replace(APP, at=LATER, step=Step.REAUTHENTICATION)
NEW_APP = replace(APP_LATER, since=NOW + timedelta(minutes=1))
ANOTHER_PASSWORD = replace(PASSWORD, at=LATER, step=Step.REAUTHENTICATION)

# what was shown | level, amr
TABLE = [
    ("nothing that is known", [], "", ""),
    ("a password", [PASSWORD], "AAL1", "pwd"),
    ("a password, twice", [PASSWORD, ANOTHER_PASSWORD], "AAL1", "pwd"),
    ("a password and an authenticator code", [PASSWORD, APP], "AAL2", "pwd otp mfa"),
    ("a password and a recovery code", [PASSWORD, CODE], "AAL2", "pwd mfa"),
    ("a password and a security key", [PASSWORD, KEY], "AAL2", "pwd pop user mfa"),
    ("a passkey, unlocked by a PIN or a biometric", [PASSKEY], "AAL2", "pop user mfa"),
    ("a passkey of which nobody knows whether it was unlocked", [KEY], "AAL1", "pop user"),
    ("an unlocked passkey, its hardware attested", [HARDWARE_PASSKEY], "AAL3", "hwk user mfa"),
    ("a password and an attested security key", [PASSWORD, HARDWARE_KEY], "AAL3", "pwd hwk user mfa"),
    ("an attested security key alone", [HARDWARE_KEY], "AAL1", "hwk user"),
    (
        "a password and an authenticator code of attested hardware",
        [PASSWORD, replace(APP, hardware_bound=True)],
        "AAL2",
        "pwd otp mfa",
    ),
    ("an emailed code", [MAIL], "", ""),
    ("a password and an emailed code", [PASSWORD, MAIL], "AAL1", "pwd"),
    ("a sign-in provider", [GOOGLE], "", ""),
    ("a sign-in provider and an authenticator code", [GOOGLE, APP], "AAL1", "otp"),
    ("two things that somebody has", [APP, CODE], "AAL1", "otp"),
    ("a password, and an authenticator code later", [PASSWORD, APP_LATER], "AAL2", "pwd otp mfa"),
    ("a password, and the code of an app that was added after it", [PASSWORD, NEW_APP], "AAL1", "pwd"),
    (
        "the same, added in a session that vouches for itself",
        [PASSWORD, replace(NEW_APP, by_settled=True)],
        "AAL2",
        "pwd otp mfa",
    ),
    ("an authenticator code, in a session that was adopted", [APP_LATER], "", ""),
]


@pytest.mark.parametrize(("name", "shown", "level", "amr"), TABLE, ids=[row[0] for row in TABLE])
def test_the_truth_table(name: str, shown: list[Authentication], level: str, amr: str) -> None:
    assert level_of(shown) is Level[level or "UNKNOWN"]
    assert amr_of(shown) == amr.split()


def test_the_page_has_the_same_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "assurance.md").read_text(encoding="utf-8")
    rows = [
        f"| {name} | {level or 'unknown'} | {', '.join(f'`{value}`' for value in amr.split()) or 'none'} |"
        for name, _shown, level, amr in TABLE
    ]
    assert "|---|---|---|\n" + "\n".join(rows) + "\n\n" in page


def test_two_biometrics_and_passwords_without_a_thing_that_somebody_has_stay_at_the_first_level() -> None:
    face = Authentication("face", NOW, (Kind.INHERENCE,))
    assert level_of([PASSWORD, face]) is Level.AAL1


def test_a_level_is_named_by_an_absolute_uri_and_none_by_nothing() -> None:
    assert [acr_of(level) for level in (Level.UNKNOWN, Level.AAL2)] == [
        "",
        "http://idmanagement.gov/ns/assurance/aal/2",
    ]


@pytest.mark.parametrize("shown", [PASSWORD, APP, PASSKEY, HARDWARE_PASSKEY, NEW_APP, MAIL, GOOGLE])
def test_what_is_stored_is_read_as_it_was(shown: Authentication) -> None:
    assert Authentication.from_dict(shown.to_dict()) == shown


def test_an_authentication_is_stored_in_utc_and_without_what_says_nothing() -> None:
    there = datetime.fromisoformat("2026-11-29T13:00:00+01:00")
    assert Authentication.of("password", at=there).to_dict() == {
        "method": "password",
        "kinds": ["knowledge"],
        "at": "2026-11-29T12:00:00+00:00",
        "step": "sign_in",
    }


def test_a_passkey_that_asked_for_a_pin_is_two_kinds() -> None:
    assert PASSKEY.kinds == (Kind.POSSESSION, Kind.ACTIVATION)
    assert KEY.kinds == (Kind.POSSESSION,)


def test_an_unknown_method_proves_nothing_even_where_something_was_unlocked() -> None:
    assert Authentication.of("carrier pigeon", at=NOW, user_verified=True).kinds == ()


def test_what_is_kept_has_a_limit_and_never_forgets_the_sign_in() -> None:
    later = [replace(ANOTHER_PASSWORD, at=NOW + timedelta(hours=number)) for number in range(30)]
    kept = bounded([PASSWORD, APP, *later])
    assert (len(kept), kept[:2], kept[-1]) == (MOST, [PASSWORD, APP], later[-1])
    assert bounded([PASSWORD] * (MOST + 1) + later) == [PASSWORD] * MOST
