"""The history as a file: all that was chosen, part by part, and harmless to a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import AsyncRequestFactory
from django.utils import timezone

from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.audit import events, export
from sessions_ui.audit.export import NAMES, Format, exported
from sessions_ui.audit.seal import seal_events
from sessions_ui.verify import main
from sessions_ui.web.responses import files
from sessions_ui.wording.spreadsheet import cell
from tests.models import Event
from tests.sessions_ui.audit.conftest import Key, append, append_at, sql

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("about the whole log")]

URL = "/admin/sessions_ui/event/export/"


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    "first", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_what_a_spreadsheet_takes_for_a_formula_is_a_text(first: str) -> None:
    assert cell(f"{first}cmd|' /C calc'!A0") == f"'{first}cmd|' /C calc'!A0"


def test_other_cells_are_as_they_are() -> None:
    assert [cell(value) for value in (None, 7, "a=b", {"b": 1, "a": "-"})] == [
        "",
        "7",
        "a=b",
        '{"a": "-", "b": 1}',
    ]


def test_every_cell_of_an_event_is_harmless(user: Any) -> None:
    events.append(
        Event.Kind.DEVICE_RENAMED,
        user_id=user.pk,
        ticket="=1+1",
        text="@SUM(A1)",
        user_agent="\tx",
        data={"x": "=1"},
    )
    [row] = read("".join(exported(Event.objects.all(), Format.CSV)))
    assert (row["ticket"], row["text"], row["user_agent"]) == ("'=1+1", "'@SUM(A1)", "'\tx")
    assert not any(value.startswith(("=", "+", "-", "@", "\t", "\r")) for value in row.values())


def test_an_event_has_all_that_the_log_has_of_it(user: Any, key: Key) -> None:
    made = append(user, 1, actor_id=user.pk, session_id=5, device_id=6, reason="incident", ticket="INC-1")
    seal_events()
    [line] = [json.loads(part) for part in exported(Event.objects.filter(pk=made), Format.JSON_LINES)]
    assert list(line) == list(NAMES)
    del line["at"]
    assert line == {
        "position": 1,
        "id": made,
        "kind": "device_renamed",
        "subject": str(user.pk),
        "actor": str(user.pk),
        "session": 5,
        "device": 6,
        "act": None,
        "reason": "incident",
        "ticket": "INC-1",
        "request": "",
        "address": "192.0.2.1",
        "user_agent": "",
        "text": "text 1",
        "data": {"number": 1},
    }


def test_it_is_read_in_parts_and_each_event_comes_once(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BATCH", 3)
    made = [append(user, number) for number in range(7)]
    parts = list(exported(Event.objects.order_by("-at"), Format.JSON_LINES))
    assert [part.count("\n") for part in parts] == [3, 3, 1]
    assert [json.loads(line)["id"] for part in parts for line in part.splitlines()] == made


# --- The command


def printed(*arguments: str) -> str:
    said = io.StringIO()
    call_command("export_events", *arguments, stdout=said)
    return said.getvalue()


def test_the_command_takes_a_part_and_leaves_an_event(user: Any, other_user: Any) -> None:
    old = append_at(timezone.now() - timedelta(days=3), user)
    append(other_user, 1)
    since = (timezone.now() - timedelta(days=4)).isoformat()
    before = (timezone.now() - timedelta(days=2)).isoformat()
    rows = read(printed("--format", "csv", "--since", since, "--before", before, "--user", str(user.pk)))
    assert [row["id"] for row in rows] == [str(old)]
    made = Event.objects.get(kind=Event.Kind.EXPORTED)
    assert made.data == {"format": "csv"} and made.detail.text.startswith("since=")
    kinds = [json.loads(line)["kind"] for line in printed("--kind", "exported").splitlines()]
    assert set(kinds) == {"exported"}


def test_the_command_asks_for_a_time_of_day_too() -> None:
    with pytest.raises(CommandError, match="--before: a date with a time"):
        printed("--before", "2026-11-24")


def test_the_sealed_log_is_exported_as_a_whole_only() -> None:
    with pytest.raises(CommandError, match="as a whole"):
        printed("--format", "sealed", "--kind", "ended")


# --- The administration


def test_the_administration_exports_what_its_list_shows(administrator: Any, user: Any, browser: Any) -> None:
    renamed, lost = append(user, 1), events.append(Event.Kind.DEVICE_LOST, user_id=user.pk).pk
    admin = browser()
    admin.force_login(administrator)
    page = admin.get("/admin/sessions_ui/event/?kind__exact=device_lost").content.decode()
    assert f'action="{URL}?kind__exact=device_lost"' in page
    response = admin.post(f"{URL}?kind__exact=device_lost", {"format": "csv"})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="history-')
    assert [row["id"] for row in read(response.getvalue().decode())] == [str(lost)] != [str(renamed)]
    made = Event.objects.get(kind=Event.Kind.EXPORTED)
    assert (made.actor_id, made.data) == (administrator.pk, {"format": "csv"})
    assert made.request_id


def test_only_who_may_see_the_history_exports_it(user: Any, administrator: Any, browser: Any) -> None:
    user.is_staff = True
    user.save()
    staff = browser()
    staff.force_login(user)
    assert staff.post(URL, {"format": "csv"}).status_code == 403
    admin = browser()
    admin.force_login(administrator)
    assert admin.get(URL, headers={"accept": "text/csv"}).status_code == 405
    assert admin.post(URL, {"format": "xls"}).status_code == 400
    assert not Event.objects.filter(kind=Event.Kind.EXPORTED).exists()


@pytest.mark.django_db(transaction=True)
def test_under_asgi_no_part_is_read_before_it_is_sent(
    administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from asgiref.sync import async_to_sync
    from django.contrib import admin

    monkeypatch.setattr(export, "BATCH", 1)
    monkeypatch.setattr(files, "CHUNK", 1)
    for number in range(3):
        append(administrator, number)
    request = AsyncRequestFactory().post(URL, {"format": "jsonl"})
    request.user = administrator
    response = admin.site.get_model_admin(Event._model).export(request)

    async def collect() -> list[bytes]:
        return [part async for part in response.streaming_content]

    assert response.is_async and len(async_to_sync(collect)()) == 4


# --- The sealed log as a file


def check(text: str, key: Key, tmp_path: Path) -> int:
    file = tmp_path / "log.jsonl"
    file.write_text(text)
    return main([str(file), "--key", str(key.public)])


def test_the_sealed_log_is_verified_offline_with_details_and_without(
    log: list[int], key: Key, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(printed("--format", "sealed", "--details"), key, tmp_path) == 0
    assert "5 details are those that were sealed" in capsys.readouterr().out
    text = printed("--format", "sealed")
    assert check(text, key, tmp_path) == 0
    assert "192.0.2." not in text and "0 details are those" in capsys.readouterr().out


def test_what_was_done_in_the_database_is_found_in_the_file(
    log: list[int], key: Key, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sql("UPDATE sessions_ui_event SET reason = 'incident' WHERE id = %s", log[4])
    sql("DELETE FROM sessions_ui_event WHERE id = %s", log[6])
    assert check(printed("--format", "sealed"), key, tmp_path) == 1
    said = capsys.readouterr().out
    assert f"changed: event {log[4]} at position 5" in said and "removed: position 7" in said


def test_a_log_that_was_cut_is_verified_offline(
    user: Any, key: Key, small_batches: None, tmp_path: Path
) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=181), tick=True):
        for number in range(6):
            append(user, number)
        seal_events()
    append(user, 7)
    seal_events()
    purge_old()
    text = printed("--format", "sealed")
    kept = [json.loads(line).get("entry") for line in text.splitlines()]
    # Head, base, an event and its checkpoint, the cut and its checkpoint, and the export, which is in no batch yet.
    assert len(kept) == 1 + 1 + 2 + 2 + 1
    assert '"kind":"log_cut"' in kept[4]
    assert check(text, key, tmp_path) == 0
