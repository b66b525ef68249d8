"""Addresses and user agents go after the time that the site has set, and nothing else does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from sessions_ui.actions import batches
from sessions_ui.actions.devices.reparse import reparse
from sessions_ui.actions.privacy.inventory import INVENTORY, Data
from sessions_ui.actions.sessions.purge import purge_old
from tests.models import Device, Event, EventDetail, Session
from tests.sessions_ui.actions.privacy.filled import fill

pytestmark = pytest.mark.django_db
DEVICES = "/account/devices/"
CLIENT = (Data.ADDRESS, Data.USER_AGENT)


@pytest.fixture(autouse=True)
def _thirty_days(settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "FORGET_CLIENTS_AFTER": timedelta(days=30)}


def ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


def left(made: dict[str, Any]) -> dict[str, list[str]]:
    """Which columns of each row have an address or a user agent, whatever the inventory calls them."""
    found = {}
    for table in INVENTORY:
        if names := table.fields(*CLIENT):
            rows = apps.get_model("sessions_ui", table.model).objects.filter(pk=made[table.model].pk)
            found[table.model] = [name for row in rows.values(*names) for name in names if row[name]]
    return found


def test_every_column_with_an_address_or_a_user_agent_is_emptied_after_that_time(
    user: Any, administrator: Any
) -> None:
    old = fill(user, administrator, at=ago(31))
    young = fill(user, administrator, at=ago(29))
    every = {
        "Session": [
            *("first_address", "address"),
            *("first_user_agent", "user_agent", "browser_version", "system_version"),
        ],
        "EventDetail": ["address", "user_agent"],
    }
    assert left(old) == left(young) == every
    purge_old()
    assert left(old) == {"Session": [], "EventDetail": []}
    assert left(young) == every


def test_nothing_else_of_a_session_is_changed(user: Any, administrator: Any) -> None:
    old = fill(user, administrator, at=ago(31))
    before = Session.objects.filter(pk=old["Session"].pk).values().get()
    purge_old()
    after = Session.objects.filter(pk=old["Session"].pk).values().get()
    assert {name for name in before if before[name] != after[name]} == {
        *("first_address", "address"),
        *("first_user_agent", "user_agent", "browser_version", "system_version"),
    }
    assert after["place"] == before["place"] and Device.objects.get(pk=old["Device"].pk).browser


def test_a_detail_without_an_address_stays_as_it_is(user: Any) -> None:
    """What it says is sealed as a whole: it is deleted or left alone, and never changed."""
    events = [Event.objects.create(kind="credential_changed", user=user, at=ago(31)) for _ in range(2)]
    EventDetail.objects.create(event=events[0], text="Ada's key")
    EventDetail.objects.create(event=events[1], text="Ada's key", address="192.0.2.1")
    purge_old()
    assert list(EventDetail.objects.values_list("event_id", "text")) == [(events[0].pk, "Ada's key")]


def test_without_the_setting_nothing_is_forgotten(user: Any, administrator: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "FORGET_CLIENTS_AFTER": None}
    old = fill(user, administrator, at=ago(170))
    before = left(old)
    purge_old()
    assert left(old) == before and before["EventDetail"]


def test_a_living_session_loses_the_address_of_its_sign_in_and_keeps_that_of_today(
    user: Any, browser: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "FORGET_CLIENTS_AFTER": timedelta(days=7)}
    laptop = browser()
    laptop.sign_in(user)
    Session.objects.update(signed_in_at=ago(8))
    purge_old()
    row = Session.objects.get()
    assert (row.first_address, row.first_user_agent, row.address) == (None, "", "81.2.69.142")
    assert "Firefox" in row.user_agent and row.is_living
    assert laptop.get(DEVICES).status_code == 200


def test_a_living_session_that_was_away_says_from_where_it_is_used_when_it_is_back(
    user: Any, browser: Any, settings: Any
) -> None:
    """It is no other browser than before: of that one nothing is known."""
    laptop = browser()
    laptop.sign_in(user)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "FORGET_CLIENTS_AFTER": timedelta(days=7)}
    Session.objects.update(signed_in_at=ago(10), last_seen_at=ago(8))
    purge_old()
    assert Session.objects.get().address is None
    assert laptop.get(DEVICES).status_code == 200
    row = Session.objects.get()
    assert (row.address, row.verdict) == ("81.2.69.142", "") and "Firefox" in row.user_agent
    assert not Event.objects.filter(kind__in=("client_changed", "flagged")).exists()


def test_many_rows_are_forgotten_in_batches(
    user: Any, administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    made = [fill(user, administrator, at=ago(31)) for _ in range(5)]
    purge_old()
    assert [left(each) for each in made] == [{"Session": [], "EventDetail": []}] * 5


@pytest.mark.no_bystander("new rules are for everybody")
def test_new_rules_for_names_leave_alone_what_has_no_user_agent_any_more(user: Any, browser: Any) -> None:
    browser().sign_in(user)
    Session.objects.update(signed_in_at=ago(31), last_seen_at=ago(31))
    purge_old()
    before = Device.objects.values().get()
    reparse(with_places=True)
    assert Device.objects.values().get() == before and before["browser"] == "Firefox"
    assert Session.objects.get().place["city"] == "London"
