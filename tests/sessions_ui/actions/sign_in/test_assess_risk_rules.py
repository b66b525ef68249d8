"""What an assessment reads out of the rows that it finds: each rule alone, without a sign-in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.sign_in.assess_risk import (
    follow_up_of,
    is_known_by_looks,
    is_owners,
    open_verdict,
    standing_of,
    was_used_long_ago,
)
from sessions_ui.assurance import Authentication
from sessions_ui.risk import Level, Reason, Verdict
from tests.models import Device, Session

NOW = timezone.now()
# As a user model of the host may keep its own moments: without an offset where ours have one.
OTHER_KIND = timezone.make_naive(NOW) if timezone.is_aware(NOW) else timezone.make_aware(NOW)
BEFORE = NOW - timedelta(days=1)
ORDINARY: dict[str, Any] = {
    "end_reason": "",
    "device__not_me_at": None,
    "device__lost_at": None,
    "verdict": "",
    "verdict_reasons": None,
    "reviewed_at": None,
}
FLAGGED = {"verdict": "suspicious", "verdict_reasons": ["new_device", "new_country"]}


@pytest.mark.parametrize(
    ("row", "owners", "still_open"),
    [
        ({}, True, ()),
        ({"end_reason": "signed_out"}, True, ()),
        ({"end_reason": "not_me"}, False, ()),
        ({"end_reason": "suspicious"}, False, ()),
        ({"device__not_me_at": NOW}, False, ()),
        ({"device__lost_at": NOW}, False, ()),
        (FLAGGED, False, ("new_device", "new_country")),
        ({**FLAGGED, "reviewed_at": NOW}, True, ()),
        ({**FLAGGED, "reviewed_at": NOW, "device__lost_at": NOW}, False, ()),
        ({**FLAGGED, "verdict_reasons": None}, False, ()),
    ],
)
def test_the_past_of_the_owner_is_what_nobody_flagged_or_disowned(
    row: dict[str, Any], owners: bool, still_open: tuple[str, ...]
) -> None:
    given = {**ORDINARY, **row}
    assert is_owners(given) is owners
    assert open_verdict(given).reasons == still_open


@pytest.mark.parametrize(
    ("marks", "copied", "new", "standing"),
    [
        ({}, False, True, "new"),
        ({}, False, False, "known"),
        ({}, True, True, "copied"),
        ({"lost_at": NOW, "confirmed_at": NOW}, True, False, "copied"),
        ({"lost_at": NOW}, False, True, "lost"),
        ({"lost_at": NOW, "confirmed_at": NOW, "copied_at": NOW}, False, False, "lost"),
        ({"confirmed_at": NOW}, False, True, "confirmed"),
        ({"confirmed_at": NOW, "not_me_at": NOW}, False, False, "confirmed"),
        ({"confirmed_at": NOW, "copied_at": BEFORE}, False, False, "confirmed"),
        ({"confirmed_at": NOW, "copied_at": NOW}, False, False, "copied"),
        ({"confirmed_at": BEFORE, "copied_at": NOW}, False, False, "copied"),
        ({"copied_at": NOW, "not_me_at": NOW}, False, False, "copied"),
        ({"not_me_at": NOW}, False, True, "not_me"),
    ],
)
def test_the_gravest_mark_counts_and_a_confirmation_only_after_it(
    marks: dict[str, Any], copied: bool, new: bool, standing: str
) -> None:
    assert standing_of(Device(**marks), copied=copied, new=new) == standing


LOOK = {"device__browser": "Firefox", "device__system": "Linux", "device__cookie_digest": ""}
WITH_COOKIE = {**LOOK, "device__cookie_digest": "d"}
OTHER = {"device__browser": "Chrome", "device__system": "Linux", "device__cookie_digest": ""}
OTHER_WITH_COOKIE = {**OTHER, "device__cookie_digest": "d"}
UNKNOWN = {"device__browser": "", "device__system": "", "device__cookie_digest": ""}


@pytest.mark.parametrize(
    ("rows", "by_cookie", "without"),
    [
        ([], False, False),
        ([LOOK], True, True),
        ([WITH_COOKIE], False, True),
        ([LOOK, WITH_COOKIE], False, True),
        ([OTHER], False, False),
        ([LOOK, OTHER_WITH_COOKIE], True, True),
        ([UNKNOWN], True, False),
        ([UNKNOWN, OTHER], True, False),
        ([UNKNOWN, OTHER_WITH_COOKIE], False, False),
    ],
)
def test_a_device_without_a_cookie_is_known_by_its_looks_where_there_is_no_more(
    rows: list[dict[str, Any]], by_cookie: bool, without: bool, settings: Any
) -> None:
    device = Device(browser="Firefox", system="Linux")
    assert is_known_by_looks(device, rows) is by_cookie
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "DEVICE_COOKIE": False}
    assert is_known_by_looks(device, rows) is without


SUSPICIOUS = Verdict(Level.SUSPICIOUS, (Reason.NEW_COUNTRY,))


PASSWORD = Authentication.of("password", at=NOW, since=NOW - timedelta(days=90))
TOTP = Authentication.of("totp", at=NOW, since=NOW - timedelta(days=90))
NEW_TOTP = Authentication.of("totp", at=NOW, since=BEFORE)


@pytest.mark.parametrize(
    ("verdict", "shown", "is_proven", "follow_ups"),
    [
        (Verdict(), [PASSWORD], False, ["", "", ""]),
        (Verdict(Level.NEW, (Reason.NEW_DEVICE,)), [PASSWORD], False, ["flag", "flag", "flag"]),
        (SUSPICIOUS, [PASSWORD], False, ["flag", "challenge", "end"]),
        (SUSPICIOUS, [], False, ["flag", "challenge", "end"]),
        (SUSPICIOUS, [PASSWORD], True, ["flag", "flag", "end"]),
        (SUSPICIOUS, [PASSWORD, TOTP], False, ["flag", "flag", "end"]),
        (SUSPICIOUS, [PASSWORD, NEW_TOTP], False, ["flag", "challenge", "end"]),
        (SUSPICIOUS, [replace(NEW_TOTP, by_settled=True)], False, ["flag", "flag", "end"]),
        (SUSPICIOUS, [replace(TOTP, since=None)], False, ["flag", "challenge", "end"]),
    ],
)
def test_what_follows_is_a_setting_and_whoever_has_shown_more_passes_the_challenge(
    verdict: Verdict, shown: list[Authentication], is_proven: bool, follow_ups: list[str], settings: Any
) -> None:
    attempt: Any = SimpleNamespace(shown=shown, is_proven=is_proven, kind=Session.Kind.BROWSER)
    found = []
    for choice in ("flag", "challenge", "end"):
        settings.SESSIONS_UI = {
            **settings.SESSIONS_UI,
            "SUSPICIOUS_SIGN_INS": choice,
            "YOUNG_SESSION": timedelta(days=7),
        }
        found.append(follow_up_of(verdict, attempt))
    assert found == follow_ups


YEAR = timedelta(days=365)


@pytest.mark.parametrize(
    ("last", "used"),
    [
        (None, False),
        (NOW, False),
        (NOW - YEAR + timedelta(seconds=1), False),
        (NOW - YEAR, True),
        (OTHER_KIND - 2 * YEAR, False),
    ],
)
def test_an_account_was_used_long_ago_if_its_last_sign_in_is_older_than_what_is_kept(
    last: Any, used: bool, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "RETENTION": YEAR}
    assert was_used_long_ago(SimpleNamespace(last_login=last), NOW) is used  # type: ignore[arg-type]
