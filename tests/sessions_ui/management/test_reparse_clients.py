# ruff: noqa: E501 -- user agents are as long as they are
"""New rules for old rows."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.devices import reparse as action
from sessions_ui.actions.devices.reparse import CURSOR, corrected
from sessions_ui.client import Client
from sessions_ui.models.fields import new_public_id
from tests.models import Cursor, Device, Session, digest_of

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("it goes through all rows")]

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
OLD_RULES = {"kind": "", "browser": "Gecko", "system": "Ubuntu Linux"}


@pytest.fixture
def stored(user: Any) -> Callable[..., Session]:
    """`stored(user_agent, device={…}, …)`: a session as the rules of some time ago left it."""

    def make(user_agent: str = FIREFOX, *, device: dict[str, Any] | None = None, **fields: Any) -> Session:
        given = {"user_agent": user_agent, "first_user_agent": user_agent, "address": "81.2.69.142", **fields}
        return Session.objects.create(
            user=user,
            device=Device.objects.create(user=user, **(OLD_RULES if device is None else device)),
            digest=digest_of(new_public_id()),
            expires_at=timezone.now() + timedelta(days=1),
            **given,
        )

    return make


def reparse(*arguments: str) -> str:
    out = io.StringIO()
    call_command("reparse_clients", *arguments, stdout=out)
    return out.getvalue()


def test_names_and_versions_are_those_of_the_rules_of_today(stored: Any) -> None:
    session = stored(browser_version="1.0")
    assert "Looked at 1 sessions. Changed: 1 sessions, 1 devices." in reparse()
    session = Session.objects.select_related("device").get(pk=session.pk)
    device = session.device
    assert (device.kind, device.browser, device.system) == ("computer", "Firefox", "Linux")
    assert session.browser_version == "145"
    assert "Changed: 0 sessions, 0 devices" in reparse()


def test_ended_sessions_too_and_nothing_else_of_them(stored: Any) -> None:
    """It can revive nothing."""
    session = stored(ended_at=timezone.now(), end_reason="device_lost")
    reparse()
    after = Session.objects.get(pk=session.pk)
    assert (after.browser_version, after.end_reason, after.ended_at) == (
        "145",
        "device_lost",
        session.ended_at,
    )
    assert after.last_seen_at == session.last_seen_at


def test_what_only_hints_told_is_kept(stored: Any) -> None:
    """They are not stored, and the header is the same for Windows 10 and 11, Chrome and Brave."""
    told = {"kind": "computer", "browser": "Brave", "system": "Windows"}
    session = stored(CHROME, device=told, browser_version="141.0.7390.54", system_version="11")
    reparse()
    after = Session.objects.select_related("device").get(pk=session.pk)
    assert (after.browser_version, after.system_version) == ("141.0.7390.54", "11")
    assert after.device.browser == "Brave"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (Client(kind="phone", browser="Chrome"), Client(kind="tablet", browser="Chrome"), Client(kind="tablet", browser="Chrome")),
        (Client(maker="Google", model="Pixel 9"), Client(maker="Generic"), Client(maker="Google", model="Pixel 9")),
        (Client(browser="Safari", system="iOS"), Client(browser="Facebook", system="iOS"), Client(browser="Facebook", system="iOS")),
        (
            Client(kind="tablet", model="iPad", browser="Safari", system="iPadOS"),
            Client(kind="computer", browser="Safari", system="macOS"),
            Client(kind="tablet", model="iPad", browser="Safari", system="iPadOS"),
        ),
        (Client(browser="Firefox", system="Linux"), Client(), Client(browser="Firefox", system="Linux")),
    ],
)  # fmt: skip
def test_rules_correct_names_but_take_off_no_mask(old: Client, new: Client, expected: Client) -> None:
    assert corrected(old, new) == expected


def test_places_are_looked_up_again_only_when_asked(stored: Any) -> None:
    session = stored(place={"city": "Nowhere"}, first_place={"city": "Nowhere"}, first_address="9.9.9.9")
    reparse()
    assert Session.objects.get().place == {"city": "Nowhere"}
    reparse("--places")
    after = Session.objects.get(pk=session.pk)
    assert after.place["city"] == "London"
    # The file does not know this address: what was known stays.
    assert after.first_place == {"city": "Nowhere"}


def test_places_cannot_be_looked_up_from_half_an_address(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "STORE_ADDRESSES": "network"}
    with pytest.raises(CommandError, match="whole addresses"):
        reparse("--places")


def test_a_dry_run_writes_nothing(stored: Any) -> None:
    stored()
    assert "Would change: 1 sessions, 1 devices" in reparse("--dry-run")
    assert Session.objects.get().browser_version == "" and Device.objects.get().browser == "Gecko"
    assert not Cursor.objects.exists()


def test_reparse_clients_goes_on_where_it_was_interrupted(
    stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _number in range(5):
        stored()
    seen = []

    def pull_the_plug(report: action.Report) -> None:
        seen.append(report.looked_at)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        action.reparse(batch_size=2, progress=pull_the_plug)
    assert Session.objects.filter(browser_version="145").count() == 4
    assert "Looked at 1 sessions" in reparse()
    assert Session.objects.filter(browser_version="145").count() == 5
    assert Cursor.read(CURSOR) == 0
    assert "Looked at 5 sessions" in reparse("--from-start")


def test_a_batch_costs_the_same_whatever_is_in_it(stored: Any) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            reparse("--from-start")
        return len(captured)

    reparse()  # makes the row of the cursor
    stored()
    one = statements()
    Session.objects.update(browser_version="")
    Device.objects.update(browser="Gecko")
    for _number in range(30):
        stored()
    assert statements() == one


def test_anonymous_sessions_are_left_alone() -> None:
    Session.objects.create(digest=digest_of("x"), expires_at=timezone.now(), user_agent=FIREFOX)
    assert "Looked at 0 sessions" in reparse()
