"""Narrowing the log down, and leafing through it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest

from sessions_ui.database import moments
from tests.models import Session
from tests.sessions_ui.web.security_log.conftest import PAGE, shown, texts

pytestmark = pytest.mark.django_db

ALL_SHOWN = "The log can’t be filtered like this, so all of it is shown."


@pytest.fixture
def full(here: Any, user: Any, happened: Any, agent: Any) -> Any:
    """One of everything that the form tells apart, beside the sign-in itself."""
    own = Session.objects.get(user=user)
    token = Session.objects.create(user=user, kind="token", digest="token", expires_at=own.expires_at)
    happened("ended", session=own, reason="signed_out_remotely")
    happened("ended", session=token, reason="signed_out_remotely")
    happened("ended", actor=agent, session=own, reason="administrator")
    happened("device_renamed")
    happened("credential_changed", data={"credential": "totp", "change": "added"})
    happened("credential_changed", data={"credential": "token", "change": "added"}, session=token)
    happened("password_required", actor=agent)
    happened("help_desk", actor=agent, data={"step": "opened"})
    happened("data_exported")
    return here


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("sign-ins", ["Signed in with a password"]),
        ("sign-outs", ["Signed out by an administrator", "Signed out by you, from another device"]),
        ("devices", ["Device renamed"]),
        ("credentials", ["A new password was required", "An authenticator app was added"]),
        ("tokens", ["An access token was created", "Access token ended by you"]),
        (
            "staff",
            ["Help desk: case opened", "A new password was required", "Signed out by an administrator"],
        ),
        ("data", ["A copy of your stored data was provided"]),
    ],
)
def test_each_group_has_its_own(full: Any, kind: str, expected: list[str]) -> None:
    assert shown(full, kind=kind) == expected


def test_everything_is_all_of_them(full: Any) -> None:
    assert len(shown(full)) == len(shown(full, kind="")) == 10


def test_the_form_says_what_was_chosen(full: Any) -> None:
    html = full.get(PAGE, {"kind": "devices", "since": "2026-11-02", "until": "2026-11-03"}).content.decode()
    assert '<option value="devices" selected>Devices</option>' in html
    assert 'value="2026-11-02"' in html and 'value="2026-11-03"' in html


def test_a_day_is_whole_and_in_the_zone_of_the_reader(here: Any, happened: Any) -> None:
    here.cookies["sessions_ui_zone"] = "Asia/Tokyo"  # nine hours ahead
    for kind, at in {
        "device_lost": datetime(2026, 11, 1, 14, 59, 59, tzinfo=UTC),  # the last second of 1 November there
        "device_found": datetime(2026, 11, 1, 15, 0, tzinfo=UTC),
        "device_renamed": datetime(2026, 11, 2, 14, 59, 59, tzinfo=UTC),
        "device_confirmed": datetime(2026, 11, 2, 15, 0, tzinfo=UTC),
    }.items():
        happened(kind, at=moments.stored(at))
    assert shown(here, kind="devices", since="2026-11-02", until="2026-11-02") == [
        "Device renamed",
        "Device found again",
    ]
    assert shown(here, kind="devices", since="2026-11-03") == ["Device confirmed as yours"]
    assert shown(here, kind="devices", until="2026-11-01") == ["Device reported lost"]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"kind": "everybody's"}, "Show: Select a valid choice."),
        ({"kind": "devices\0"}, "Show: Select a valid choice."),
        ({"since": "yesterday"}, "From: Enter a valid date."),
        ({"since": "2026-02-30"}, "From: Enter a valid date."),
        ({"until": "0001-01-01"}, "To: Choose a year from 1970 to 8999."),
        ({"until": "9999-12-31"}, "To: Choose a year from 1970 to 8999."),
        ({"since": "2026-11-03", "until": "2026-11-02"}, "The first day is after the last day."),
        ({"before": "x"}, "There is no such page, so this is the newest one."),
        ({"before": "9" * 5000}, "There is no such page, so this is the newest one."),
        ({"after": "-1"}, "There is no such page, so this is the newest one."),
    ],
)
def test_what_makes_no_sense_is_said_and_everything_is_shown(
    full: Any, query: dict[str, str], why: str
) -> None:
    answer = full.get(PAGE, {"kind": "devices", **query})
    html = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert ALL_SHOWN in html and why in html
    assert len(texts(answer.content.decode())) == 10


@pytest.mark.parametrize(
    "query", [{"until": "8999-12-31"}, {"since": "1970-01-01"}, {"before": str(2**63 - 1)}, {"after": "0"}]
)
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_ends_of_what_makes_sense_are_no_error(full: Any, query: dict[str, str], zone: str) -> None:
    full.cookies["sessions_ui_zone"] = zone
    answer = full.get(PAGE, query)
    assert ALL_SHOWN not in answer.content.decode()
    assert len(texts(answer.content.decode())) == 10


def test_nothing_that_fits_is_said_with_a_way_back(full: Any) -> None:
    html = full.get(PAGE, {"until": "1999-01-01"}).content.decode()
    assert "No events match." in html
    assert f'<a class="sui-more-link" href="{PAGE}">' in html


def links(html: str) -> dict[str, str]:
    return {
        rel: unescape(href)
        for href, rel in re.findall(r'<a class="sui-button" href="([^"]+)" rel="(prev|next)"', html)
    }


def test_its_pages_hold_every_entry_once_and_keep_what_was_chosen(here: Any, happened: Any) -> None:
    for number in range(120):
        happened("credential_changed", data={"credential": "passkey", "change": "added"}, text=f"K{number}.")
        happened("device_renamed")
    found: list[str] = []
    address = f"{PAGE}?kind=credentials"
    sizes = []
    while address:
        html = here.get(address).content.decode()
        names = re.findall(r"<bdi>(K\d+\.)</bdi>", html)
        sizes.append(len(texts(html)))
        found += names
        following = links(html).get("next", "")
        assert not following or "kind=credentials" in following
        address = following
    assert sizes == [50, 50, 20]
    assert found == [f"K{number}." for number in reversed(range(120))]


def test_what_comes_in_meanwhile_moves_no_page_and_the_way_back_leads_back(here: Any, happened: Any) -> None:
    for number in range(120):
        happened("credential_changed", data={"credential": "passkey", "change": "added"}, text=f"K{number}.")
    first = here.get(PAGE).content.decode()
    second = here.get(links(first)["next"]).content.decode()
    happened("device_renamed")
    again = here.get(links(first)["next"]).content.decode()
    assert texts(again) == texts(second) and "K69." in again and "K70." not in again
    back = here.get(links(second)["prev"]).content.decode()
    assert re.findall(r"K\d+\.", back)[-1] == "K70." and len(texts(back)) == 50
    assert "next" in links(back) and "prev" in links(back)  # one more came in
