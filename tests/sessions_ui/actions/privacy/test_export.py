"""What is handed out: all that is stored about somebody, no secret, and nothing about anybody else."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions import batches
from sessions_ui.actions.privacy import export as module
from sessions_ui.actions.privacy.export import TooMuch, export, export_for_page, note_export
from sessions_ui.actions.privacy.inventory import INVENTORY, Data
from sessions_ui.exceptions import NotTheOwner
from tests.models import AccountState, Event, EventDetail, Session
from tests.sessions_ui.actions.privacy.filled import ADDRESS, MARK, SECRET_MARK, fill

pytestmark = pytest.mark.django_db


def exported(user: Any, *, for_owner: bool = False) -> Any:
    return json.loads("".join(export(user=user, for_owner=for_owner)))


@pytest.fixture
def made(user: Any, administrator: Any) -> dict[str, Any]:
    AccountState.objects.create(user=user)
    return fill(user, administrator)


def test_every_column_that_is_no_secret_is_handed_out(made: Any, user: Any) -> None:
    """A row with something in each column, column by column."""
    found = exported(user)
    for table in INVENTORY:
        if not table.is_exported:
            continue
        (row,) = found[table.rows._meta.db_table]
        for name in table.fields(*(data for data in Data if data is not Data.SECRET)):
            assert name in row, f"{table.model}.{name}"
            if table.model in made and getattr(made[table.model], name) not in (None, ""):
                assert row[name] not in (None, ""), f"{table.model}.{name}"


@pytest.mark.parametrize("for_owner", [True, False])
def test_no_secret_is_handed_out(made: Any, user: Any, for_owner: bool) -> None:
    text = "".join(export(user=user, for_owner=for_owner))
    assert SECRET_MARK not in text and MARK in text
    for name in ("digest", "nonce", "auth_hash", "payload", "code_salt", "sealed", "asked_by"):
        assert f'"{name}"' not in text, name


def test_a_real_sign_in_is_handed_out_without_its_key(user: Any, browser: Any) -> None:
    laptop = browser()
    laptop.sign_in(user)
    text = "".join(export(user=user, for_owner=True))
    row = Session.objects.get()
    cookies = [morsel.value for morsel in laptop.cookies.values()]
    assert len(cookies) >= 2
    for secret in (row.digest, row.auth_hash, row.device.cookie_digest, user.password, *cookies):
        assert secret and secret not in text
    found = json.loads(text)
    (session,) = found["sessions_ui_session"]
    assert (session["address"], session["place"]["city"]) == ("81.2.69.142", "London")
    assert found["account"]["email"] == "ada@people.example"
    assert [each["address"] for each in found["account"]["addresses"]] == ["ada@people.example"]


def test_the_person_does_not_get_the_notes_of_staff_nor_who_they_are(
    made: Any, user: Any, administrator: Any
) -> None:
    own, staff = exported(user, for_owner=True), exported(user)
    assert "note" not in own["sessions_ui_act"][0] and "ticket" not in own["sessions_ui_act"][0]
    assert staff["sessions_ui_act"][0]["note"].startswith(MARK)
    assert own["sessions_ui_act"][0]["actor"] == "somebody else"
    assert staff["sessions_ui_act"][0]["actor"] == administrator.pk
    assert own["sessions_ui_event"][0]["actor"] == staff["sessions_ui_event"][0]["actor"] == "you"


def test_the_person_does_not_get_what_staff_has_written_into_an_event(user: Any, administrator: Any) -> None:
    by = {"ours": user, "theirs": administrator, "nobody's": None}
    for text, actor in by.items():
        event = Event.objects.create(
            kind="device_lost", user=user, actor=actor, data={"ticket": "T-1", "x": 1}
        )
        EventDetail.objects.create(event=event, text=text)
    own = exported(user, for_owner=True)
    assert [row.get("text") for row in own["sessions_ui_eventdetail"]] == ["ours", None, "nobody's"]
    assert [row["data"] for row in own["sessions_ui_event"]] == [{"x": 1}] * 3
    staff = exported(user)
    assert [row["text"] for row in staff["sessions_ui_eventdetail"]] == ["ours", "theirs", "nobody's"]
    assert staff["sessions_ui_event"][0]["data"] == {"ticket": "T-1", "x": 1}


@pytest.mark.parametrize("for_owner", [True, False])
def test_nothing_about_anybody_else_is_handed_out(
    user: Any, other_user: Any, administrator: Any, for_owner: bool
) -> None:
    fill(other_user, administrator)
    found = exported(user, for_owner=for_owner)
    assert {name: rows for name, rows in found.items() if isinstance(rows, list) and rows} == {}


def test_somebody_gets_from_where_they_acted_as_staff_but_not_whose_account_it_was(
    user: Any, other_user: Any
) -> None:
    made = fill(other_user, user)
    own = Session.objects.create(digest="o" * 64, user=user, expires_at=timezone.now())
    Session.objects.filter(pk=made["Session"].pk).update(impersonator=user, impersonated_from=own)
    event = Event.objects.create(kind="impersonated", user=other_user, actor=user)
    EventDetail.objects.create(event=event, address=ADDRESS, text="a call")
    found = exported(user, for_owner=True)
    (row,) = found["sessions_ui_session as staff"]
    assert row["address"] == ADDRESS
    assert {*row} == {
        *("signed_in_at", "ended_at", "first_address", "address"),
        *("first_user_agent", "user_agent", "browser_version", "system_version"),
    }
    (detail,) = found["sessions_ui_eventdetail as staff"]
    assert {*detail} == {"event__at", "event__kind", "address", "user_agent"}
    assert (detail["address"], detail["event__kind"]) == (ADDRESS, "impersonated")
    assert [{*row} for row in found["sessions_ui_act as staff"]] == [{"at", "reason", "count"}]
    assert [{*row} for row in found["sessions_ui_case as staff"]] == [{"opened_at", "reason"}]
    assert made["Device"].public_id not in json.dumps(found)


def test_what_somebody_did_in_their_own_account_is_there_once(user: Any) -> None:
    fill(user, user)
    found = exported(user)
    assert len(found["sessions_ui_act"]) == len(found["sessions_ui_case"]) == 1
    assert {name: rows for name, rows in found.items() if name.endswith("as staff") and rows} == {}


def test_what_is_left_of_a_deleted_account_is_handed_out_by_its_number(made: Any, user: Any) -> None:
    key = user.pk
    user.delete()
    found = exported(get_user_model()(pk=key))
    assert found["account"] == {"key": key, "deleted": True}
    assert len(found["sessions_ui_session"]) == 1 and found["sessions_ui_device"][0]["name"].startswith(MARK)


def test_times_have_an_offset(made: Any, user: Any) -> None:
    found = exported(user)
    for moment in (found["made_at"], found["sessions_ui_session"][0]["signed_in_at"]):
        assert datetime.fromisoformat(moment).tzinfo is not None


def test_many_rows_come_each_once_and_in_order(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert batches.BATCH == 1000
    monkeypatch.setattr(module, "BATCH", 2)
    events = [Event.objects.create(kind="delivered", user=user).pk for _ in range(5)]
    assert [row["id"] for row in exported(user)["sessions_ui_event"]] == events


# --- On a page


def test_what_a_page_hands_out_is_an_event_first(user: Any, administrator: Any) -> None:
    found = json.loads(export_for_page(user=user, actor=administrator, for_owner=False))
    event = Event.objects.get(kind="data_exported")
    assert (event.user_id, event.actor_id) == (user.pk, administrator.pk)
    assert [row["kind"] for row in found["sessions_ui_event"]] == ["data_exported"]


def test_what_is_too_much_for_a_page_is_not_handed_out(user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "EXPORT_MAX_ROWS": 3}
    for _ in range(3):
        Event.objects.create(kind="delivered", user=user)
    export_for_page(user=user, actor=user, for_owner=True)
    with pytest.raises(TooMuch):  # with the event of the first one it is a row too much
        export_for_page(user=user, actor=user, for_owner=True)
    assert Event.objects.filter(kind="data_exported").count() == 1


def test_staff_that_uses_an_account_gets_nothing_of_it(user: Any) -> None:
    class Support:
        session_id, user_id, impersonator_id = 1, user.pk, 2

    token = context.begin(context.Acting(Support()))
    try:
        with pytest.raises(NotTheOwner):
            note_export(user=user, actor=user)
    finally:
        context.finish(token)
    assert not Event.objects.filter(kind="data_exported").exists()
