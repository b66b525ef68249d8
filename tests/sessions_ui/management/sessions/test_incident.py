"""`manage.py sessions incident …`."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.utils import timezone

from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.management.exit_codes import ExitCode
from sessions_ui.tasks import sweep_endings
from tests.models import EndingBatch, Event, Incident, Session
from tests.operators import sessions

pytestmark = pytest.mark.django_db
PAGE = "/account/devices/"


def incident(*arguments: str) -> str:
    out = StringIO()
    call_command("sessions", "incident", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def ada(browser: Any, user: Any) -> Any:
    client = browser()
    client.sign_in(user)
    return client


@pytest.mark.no_bystander("everyone is signed out")
def test_everyone_is_refused_at_once_and_the_rows_say_so_when_it_is_done(
    ada: Any, user: Any, administrator: Any, browser: Any
) -> None:
    admin = browser()
    admin.sign_in(administrator)
    said = incident("--everyone", "--note", "leaked", "--ticket", "INC-1", "--no-input")
    assert "is in force: all of these are refused" in said and "Sessions ended: 2 of 2" in said
    assert ada.get(PAGE).status_code == admin.get(PAGE).status_code == 302
    row = Incident.objects.get()
    assert (row.actor_id, row.note, row.ticket, row.state) == (None, "leaked", "INC-1", "done")
    assert {session.end_reason for session in Session.objects.filter(user__isnull=False)} == {"incident"}


@pytest.mark.no_bystander("everyone is signed out")
def test_a_worker_writes_the_rows_where_it_is_asked_to(ada: Any, user: Any) -> None:
    said = incident("--before", timezone.now().isoformat(), "--note", "leaked", "--no-input", "--async")
    assert "is in force" in said and "Sessions ended" not in said
    assert ada.get(PAGE).status_code == 302 and Session.objects.of(user).get().ended_at is None
    assert sweep_endings() == 1
    assert "Incident" in incident("--status", str(Incident.objects.get().pk))


def test_a_dry_run_says_how_many_and_how_long_and_does_nothing(ada: Any, user: Any) -> None:
    said = incident("--user", user.email, "--dry-run")
    assert "Sessions to end: 1 of 1 people" in said and "in batches, the last after about 1 second" in said
    assert ada.get(PAGE).status_code == 200 and not Incident.objects.exists()
    event = Event.objects.get(kind=Event.Kind.INCIDENT)
    assert event.data["step"] == "previewed" and event.actor_id is None


@pytest.mark.parametrize(("answer", "is_done"), [("1", True), ("everyone", False), ("2", False), ("", False)])
def test_the_number_has_to_be_typed(
    answer: str, is_done: bool, ada: Any, user: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("builtins.input", lambda: answer)
    if is_done:
        incident("--user", user.email, "--note", "leaked")
    else:
        with pytest.raises(CommandError, match="Not confirmed"):
            incident("--user", user.email, "--note", "leaked")
    assert ada.get(PAGE).status_code == (302 if is_done else 200)


def test_where_nobody_can_be_asked_nothing_is_done(ada: Any, user: Any, monkeypatch: Any) -> None:
    def nobody() -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    with pytest.raises(CommandError, match="--no-input"):
        incident("--user", user.email, "--note", "leaked")
    assert ada.get(PAGE).status_code == 200


def test_all_criteria_and_what_was_known(ada: Any, user: Any) -> None:
    group = Group.objects.create(name="Editors")
    user.groups.add(group)
    Session.objects.of(user).update(organization_id="acme", first_country="GB")
    happened = timezone.now() - timedelta(days=2)
    incident(
        *("--group", "Editors", "--organization", "acme", "--since", "2026-01-01T00:00:00+00:00"),
        *("--network", "81.2.69.0/24", "--country", "gb", "--client", "Firefox", "--method", "password"),
        *("--unconfirmed", "--happened-at", happened.isoformat(), "--note", "leaked", "--no-input"),
    )
    row = Incident.objects.get()
    assert row.happened_at == happened and row.criteria["country"] == "GB"
    assert {*row.criteria} == {
        *("groups", "organization_id", "since", "network", "country", "client", "method", "unconfirmed")
    }
    assert ada.get(PAGE).status_code == 302


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "choose at least one criterion"),
        (["--everyone", "--staff"], "Leave out the other criteria"),
        (["--network", "x"], "neither an address nor a network"),
        (["--user", "nobody@people.example"], "no account matches"),
        (["--group", "Nobody"], "no group"),
        (["--everyone"], "--note"),
        (["--before", "2026-01-01"], "a date with a time"),
        (["--everyone", "--happened-at", "2099-01-01T00:00:00+00:00"], "in the future"),
        (["--status", "999999999"], "no incident"),
    ],
)
def test_what_cannot_be_meant_is_said(arguments: list[str], said: str, db: None) -> None:
    with pytest.raises(CommandError, match=said):
        incident(*arguments, "--no-input")
    assert not Incident.objects.exists()


def test_it_is_stopped_goes_on_and_is_exported(ada: Any, user: Any) -> None:
    incident("--user", user.email, "--note", "leaked", "--no-input", "--async")
    pk = str(Incident.objects.get().pk)
    assert "Stopped" in incident("--stop", pk)
    with pytest.raises(CommandError, match="not running"):
        incident("--stop", pk)
    assert sweep_endings() == 0
    assert "Resumed" in incident("--resume", pk)
    assert sweep_endings() == 1
    (line,) = csv.DictReader(StringIO(incident("--export", pk)))
    assert line["name"] == user.email
    assert json.loads(incident("--export", pk, "--format", "json"))["ended"] == 1


class TestForScripts:
    """What a runbook goes by: JSON on standard output and nothing else there, and the exit code."""

    @pytest.mark.no_bystander("everyone is signed out")
    def test_how_many_and_that_there_is_nothing(self, ada: Any, user: Any) -> None:
        ran = sessions("incident", "--staff", "--dry-run", "--json")
        assert (ran.code, ran.json["to_end"], ran.json["at_once"]) == (ExitCode.NOTHING_MATCHED, 0, True)
        ran = sessions("incident", "--user", user.email, "--dry-run", "--json")
        assert ran.code == ExitCode.DONE and ran.json == {
            "criteria": {"users": [str(user.pk)]},
            "to_end": 1,
            "people": 1,
            "at_once": False,
            "in_force_after": ran.json["in_force_after"],
            "done_after": ran.json["done_after"],
        }
        assert not Incident.objects.exists()

    def test_an_order_and_what_became_of_it(self, ada: Any, user: Any) -> None:
        order = ("incident", "--user", user.email, "--note", "leaked", "--ticket", "INC-1", "--yes", "--json")
        ran = sessions(*order)
        document = ran.json
        assert (ran.code, document["state"], document["ended"], document["failed"]) == (0, "done", 1, 0)
        assert (document["found"], document["ticket"]) == ({"sessions": 1, "people": 1}, "INC-1")
        assert sessions("incident", "--status", str(document["incident"]), "--json").json == document
        again = sessions(*order)
        assert (again.code, again.json["ended"]) == (ExitCode.NOTHING_MATCHED, 0), (
            "it is in force all the same"
        )
        assert Incident.objects.count() == 2

    def test_until_it_is_over(self, ada: Any, user: Any) -> None:
        order = ("incident", "--user", user.email, "--note", "leaked", "--yes", "--async", "--json")
        ran = sessions(*order)
        pk = str(ran.json["incident"])
        assert (ran.code, ran.json["state"]) == (ExitCode.DONE, "running")
        waiting = sessions("incident", "--status", pk, "--json")
        assert (waiting.code, waiting.json["ended"]) == (ExitCode.NOT_DONE, 0)
        assert sessions("incident", "--stop", pk, "--json").json["state"] == "stopped"
        assert sessions("incident", "--status", pk).code == ExitCode.NOT_DONE
        assert sessions("incident", "--stop", pk).code == ExitCode.ERROR
        assert sessions("incident", "--resume", pk, "--json").json["state"] == "running"
        sweep_endings()
        over = sessions("incident", "--status", pk, "--json")
        assert (over.code, over.json["state"], over.json["ended"]) == (ExitCode.DONE, "done", 1)

    def test_one_that_the_database_refused_in_part_is_not_done(
        self, ada: Any, user: Any, monkeypatch: Any
    ) -> None:
        sessions("incident", "--user", user.email, "--note", "leaked", "--yes")
        pk = Incident.objects.get().pk
        EndingBatch.objects.filter(ending__incident=pk).update(failed_at=timezone.now(), done_at=None)
        ran = sessions("incident", "--status", str(pk), "--json")
        assert (ran.code, ran.json["failed"]) == (ExitCode.NOT_DONE, 1)

    @pytest.mark.parametrize("option", ["--organization", "--network", "--country", "--client", "--method"])
    @pytest.mark.parametrize("value", ["", " "])
    def test_a_variable_that_is_not_set_chooses_nobody_more(self, option: str, value: str, ada: Any) -> None:
        with pytest.raises(CommandError, match="must not be empty"):
            incident("--everyone", option, value, "--note", "leaked", "--no-input")
        assert not Incident.objects.exists()


@pytest.mark.no_bystander("it has an incident of its own")
def test_the_newest_incidents_as_a_table_and_as_json_lines(
    ada: Any, user: Any, administrator: Any, browser: Any
) -> None:
    assert sessions("incident", "--list", "--json").out == ""
    assert len(sessions("incident", "--list").lines) == 1, "the heads"
    sessions("incident", "--user", user.email, "--note", "leaked", "--ticket", "INC-1", "--yes")
    browser().sign_in(user)
    order_incident(criteria=Criteria(country="GB"), note="phished", actor=administrator)
    heads, *rows = sessions("incident", "--list").lines
    assert heads.split()[0] == "incident" and len(rows) == 2
    assert "INC-1" in rows[1] and "done" in rows[1] and user.email in rows[1]
    assert administrator.email in rows[0] and "running" in rows[0] and "United Kingdom" in rows[0]
    newest, oldest = sessions("incident", "--list", "--json").records
    assert (newest["state"], oldest["state"], oldest["ended"]) == ("running", "done", 1)
    limited = sessions("incident", "--list", "--limit", "1")
    assert len(limited.lines) == 2 and "There are more" in limited.err
