"""The result of an incident, as files that a spreadsheet and a program can read."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.incidents import result
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.incidents.result import export_incident, incident_status
from sessions_ui.exceptions import IncidentRefused
from sessions_ui.wording.spreadsheet import cell as harmless
from tests.conftest import Browser
from tests.models import Device, Event, Incident, Session

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(user: Any, administrator: Any) -> Incident:
    Browser().sign_in(user)
    Device.objects.filter(user=user).update(name='=HYPERLINK("http://evil.example")')
    Session.objects.of(user).update(first_country="GB", address="192.0.2.7")
    incident = order_incident(
        criteria=Criteria(users=(str(user.pk),)),
        note="leaked",
        actor=administrator,
        ticket="INC-1",
        happened_at=timezone.now() - timedelta(days=1),
    )
    end_batches()
    return Incident.objects.get(pk=incident.pk)


def test_the_csv_has_a_line_a_session(incident: Incident, user: Any) -> None:
    text = "".join(export_incident(incident=incident, form="csv"))
    (line,) = csv.DictReader(text.splitlines())
    row = Session.objects.of(user).get()
    assert row.ended_at is not None
    assert list(line) == [
        *("session", "user", "name", "device", "address", "country", "signed_in_at", "ended_at", "reason"),
        *("first_refused_at", "tabs_told_at", "act"),
    ]
    assert (line["session"], line["user"], line["name"]) == (row.public_id, str(user.pk), user.email)
    assert (line["address"], line["country"], line["reason"]) == ("192.0.2.7", "GB", "incident")
    assert line["device"] == '\'=HYPERLINK("http://evil.example")'
    assert line["act"] == str(row.act_id) and line["first_refused_at"] == ""


def test_the_json_says_what_was_ordered_and_how_it_ended(
    incident: Incident, user: Any, administrator: Any
) -> None:
    said = json.loads("".join(export_incident(incident=incident, form="json")))
    assert (said["incident"], said["state"], said["reason"]) == (incident.pk, "done", "leaked")
    assert (said["ticket"], said["actor"]) == ("INC-1", str(administrator.pk))
    assert said["criteria"] == {"users": [str(user.pk)]} and said["found"] == {"sessions": 1, "people": 1}
    assert (said["ended"], said["already_ended"], said["failed"]) == (1, 0, 0)
    (line,) = said["sessions"]
    assert line["device"] == '=HYPERLINK("http://evil.example")', "no program calculates it"


def test_an_order_that_waits_has_an_empty_result(user: Any, administrator: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "INCIDENT_APPROVAL_ABOVE": 0}
    Browser().sign_in(user)
    waits = order_incident(criteria=Criteria(users=(str(user.pk),)), note="x", actor=administrator)
    said = json.loads("".join(export_incident(incident=waits, form="json")))
    assert (said["state"], said["ended"], said["sessions"]) == ("waiting", 0, [])
    assert "".join(export_incident(incident=waits, form="csv")).count("\n") == 1


def test_many_are_read_page_by_page(user: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(result, "PAGE", 2)
    far = timezone.now() + timedelta(days=1)
    Session.objects.bulk_create(
        Session(digest=str(number), user=user, expires_at=far, signed_in_at=timezone.now())
        for number in range(5)
    )
    order_incident(criteria=Criteria(users=(str(user.pk),)), note="x")
    end_batches()
    lines = list(result.lines_of(Incident.objects.get(note="x")))
    assert len({line["session"] for line in lines}) == 5
    said = json.loads("".join(export_incident(incident=Incident.objects.get(note="x"), form="json")))
    assert len(said["sessions"]) == 5


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_calculated(cell: str) -> None:
    assert harmless(cell).startswith("'") and harmless(cell).replace("'", "") == cell


@pytest.mark.parametrize(("cell", "text"), [("Ada", "Ada"), ("", ""), (None, ""), ("1-2=3", "1-2=3")])
def test_other_cells_stay_as_they_are(cell: str | None, text: str) -> None:
    assert harmless(cell) == text


def test_the_status_takes_the_right_and_is_no_event(
    incident: Incident, agent: Any, administrator: Any
) -> None:
    with pytest.raises(IncidentRefused):
        incident_status(incident=incident, actor=agent)
    before = Event.objects.count()
    stale = Incident(pk=incident.pk)
    assert incident_status(incident=stale, actor=administrator)["state"] == "done"
    assert Event.objects.count() == before


def test_that_it_was_taken_is_an_event_and_takes_the_right(incident: Incident, agent: Any) -> None:
    with pytest.raises(IncidentRefused):
        export_incident(incident=incident, form="csv", actor=agent)
    export_incident(incident=incident, form="csv")
    event = Event.objects.filter(kind=Event.Kind.INCIDENT).latest("pk")
    assert (event.data["step"], event.data["format"]) == ("exported", "csv")
