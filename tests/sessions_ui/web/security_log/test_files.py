"""The log as a file: exactly what was chosen, as CSV and as JSON."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from sessions_ui.database import moments
from sessions_ui.web.security_log import files
from tests.conftest import PASSWORD
from tests.models import Device, Event
from tests.sessions_ui.web.security_log.conftest import PAGE

pytestmark = pytest.mark.django_db

UNLOCK, DOWNLOAD = f"{PAGE}unlock/", f"{PAGE}download/"


def text_of(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


def as_csv(client: Any, place: str = "") -> list[dict[str, str]]:
    answer = client.post(DOWNLOAD, {"format": "csv", "place": place})
    assert answer.status_code == 200
    return list(csv.DictReader(StringIO(text_of(answer))))


def as_json(client: Any, place: str = "") -> Any:
    answer = client.post(DOWNLOAD, {"format": "json", "place": place})
    assert answer.status_code == 200
    return json.loads(text_of(answer))


def exports() -> Any:
    return Event.objects.filter(kind="data_exported")


def test_a_row_says_what_the_page_says(here: Any, user: Any, happened: Any) -> None:
    phone = Device.objects.create(user=user, name="My phone")
    at = datetime(2026, 11, 2, 14, 2, tzinfo=UTC)
    event = happened("device_lost", device=phone, address="192.0.2.7", at=at)
    expected = {
        "id": event.pk,
        "at": "2026-11-02T14:02:00+00:00",
        "kind": "device_lost",
        "what": "Device reported lost",
        "name": "",
        "device": "My phone",
        "by": "you",
        "reason": "",
        "address": "192.0.2.7",
    }
    assert as_json(here)["events"][0] == expected
    assert as_csv(here, "kind=devices") == [{name: str(value) for name, value in expected.items()}]


def test_exactly_what_was_chosen_is_in_the_file(here: Any, happened: Any) -> None:
    happened("device_lost", at=datetime(2026, 11, 1, 12, tzinfo=UTC))
    happened("device_found", at=datetime(2026, 11, 2, 12, tzinfo=UTC))
    happened("device_renamed", at=datetime(2026, 11, 3, 12, tzinfo=UTC))
    found = as_json(here, "kind=devices&since=2026-11-02&until=2026-11-02")
    assert [event["kind"] for event in found["events"]] == ["device_found"]
    assert found["format"] == "sessions_ui.security_log/1"
    assert found["filter"] == {"kind": "devices", "since": "2026-11-02", "until": "2026-11-02"}


def test_all_pages_of_it_are_in_the_file_in_batches(
    here: Any, happened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BATCH", 7)
    keys = [happened("device_renamed").pk for _number in range(60)]
    answer = here.post(DOWNLOAD, {"format": "csv", "place": f"kind=devices&before={keys[3]}"})
    with CaptureQueriesContext(connection) as statements:
        rows = list(csv.DictReader(StringIO(text_of(answer))))
    assert [int(row["id"]) for row in rows] == keys[::-1]
    assert len(statements) == 10  # eight batches of 7, one of 4, and one that finds nothing


def test_the_times_are_those_of_the_reader(here: Any, happened: Any) -> None:
    here.cookies["sessions_ui_zone"] = "Asia/Tokyo"
    happened("device_lost", at=datetime(2026, 11, 1, 15, 0, tzinfo=UTC))
    assert as_csv(here, "kind=devices")[0]["at"] == "2026-11-02T00:00:00+09:00"


def test_what_is_read_after_the_request_is_in_its_language(here: Any, happened: Any) -> None:
    happened("ended", reason="signed_out_remotely")
    form = {"format": "json", "place": ""}
    answer = here.post(DOWNLOAD, form, headers={"accept-language": "de"})
    with translation.override("en"):
        newest = json.loads(text_of(answer))["events"][0]
    assert newest["what"] == "Abgemeldet von Ihnen, von einem anderen Gerät aus"


def test_no_cell_is_a_formula(here: Any, user: Any, happened: Any) -> None:
    trap = Device.objects.create(user=user, name="=HYPERLINK(1)")
    happened("device_lost", device=trap)
    happened("credential_changed", data={"credential": "passkey", "change": "added"}, text="@SUM(1)")
    newest, before = as_csv(here)[:2]
    assert newest["name"] == "'@SUM(1)" and before["device"] == "'=HYPERLINK(1)"
    assert as_json(here, "kind=devices")["events"][0]["device"] == "=HYPERLINK(1)"


def test_nothing_of_staff_and_of_somebody_else_is_in_the_file(
    here: Any, happened: Any, agent: Any, other_user: Any
) -> None:
    happened("device_lost", actor=agent, address="198.51.100.4", text="sounded drunk")
    happened("device_lost", user=other_user, actor=other_user, address="192.0.2.9")
    happened("delivered")
    rows = as_csv(here)
    assert [row["kind"] for row in rows] == ["device_lost", "signed_in"]
    assert (rows[0]["by"], rows[0]["address"]) == ("somebody else", "")
    everything = json.dumps(as_json(here, "kind=devices"))
    assert "drunk" not in everything and agent.email not in everything and "192.0.2.9" not in everything


@pytest.mark.parametrize(
    ("how", "content_type"),
    [("csv", "text/csv; charset=utf-8"), ("json", "application/json; charset=utf-8")],
)
def test_it_is_a_file_that_no_cache_keeps(here: Any, how: str, content_type: str) -> None:
    # Where it is another day than in UTC: 14 hours ahead, or 11 behind.
    zone = "Pacific/Kiritimati" if moments.in_utc(timezone.now()).hour >= 10 else "Pacific/Pago_Pago"
    here.cookies["sessions_ui_zone"] = zone
    with time_machine.travel(timezone.now(), tick=False):
        answer = here.post(DOWNLOAD, {"format": how, "place": ""})
        today = moments.aware(timezone.now()).astimezone(ZoneInfo(zone)).date()
    name = f"security-log-{today}.{how}"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_that_it_was_taken_along_is_an_event_which_is_not_in_it(here: Any, user: Any) -> None:
    assert "data_exported" not in [row["kind"] for row in as_csv(here)]
    event = exports().get()
    assert event.user == event.actor == user
    assert event.data == {"what": "security log", "format": "csv"}
    assert as_json(here)["events"][0]["what"] == "The security log was downloaded"


def test_an_empty_selection_is_a_file_without_events(here: Any) -> None:
    assert as_csv(here, "until=1999-01-01") == []
    assert as_json(here, "until=1999-01-01")["events"] == []


def test_a_file_of_another_kind_is_refused(here: Any) -> None:
    answer = here.post(DOWNLOAD, {"format": "exe", "place": ""})
    assert answer.status_code == 422
    assert "There is no file of that kind. Choose CSV or JSON." in answer.content.decode()
    assert not exports().exists()


def test_a_choice_that_makes_no_sense_hands_out_nothing(here: Any) -> None:
    """The page says what is wrong with it; everything instead of a day is not what somebody has asked for."""
    answer = here.post(DOWNLOAD, {"format": "csv", "place": "since=yesterday"})
    assert (answer.status_code, answer.url) == (302, f"{PAGE}?since=yesterday")
    assert not exports().exists()


def test_a_sign_in_that_is_not_fresh_is_asked_first_and_comes_back_to_what_was_chosen(here: Any) -> None:
    place = "kind=devices"
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        html = here.get(PAGE, {"kind": "devices"}).content.decode()
        assert f'action="{UNLOCK}"' in html and f'action="{DOWNLOAD}"' not in html
        refused = here.post(DOWNLOAD, {"format": "csv", "place": place})
        assert (refused.status_code, refused.url) == (302, f"{PAGE}?{place}")
        question = here.post(UNLOCK, {"place": place})
        assert "Download your security log" in question.content.decode()
        answer = {"act": question.context["act"], "password": PASSWORD}
        confirmed = here.post("/account/devices/confirm/", answer)
        assert (confirmed.status_code, confirmed.url) == (302, f"{PAGE}?{place}")
        assert here.post(DOWNLOAD, {"format": "csv", "place": place}).status_code == 200
    assert exports().count() == 1


@pytest.mark.parametrize("address", [UNLOCK, DOWNLOAD])
def test_it_acts_by_post_with_a_token_only(address: str, here: Any) -> None:
    assert here.get(address).url == PAGE
    strict = Client(enforce_csrf_checks=True, HTTP_USER_AGENT="Firefox")
    strict.cookies = here.cookies
    assert strict.post(address, {"format": "csv"}).status_code == 403
    assert not exports().exists()
