"""`manage.py sessions show`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session
from sessions_ui.audit import events
from sessions_ui.database import moments
from tests.models import Act, EndReason, Event, Session
from tests.operators import sessions

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(user: Any, browser: Any) -> Session:
    client = browser()
    client.sign_in(user)
    return Session.objects.get(pk=client.session.session_id)


def shown(session: Session) -> Any:
    ran = sessions("show", session.public_id, "--json")
    assert (ran.code, ran.err) == (0, "")
    return ran.json


def test_it_says_who_where_and_how(session: Session, user: Any) -> None:
    found = shown(session)
    assert session.device is not None
    assert (
        found
        | {
            "session": session.public_id,
            "state": "living",
            "user": str(user.pk),
            "device": session.device.public_id,
            "method": "password",
            "aal": 1,
            "amr": ["pwd"],
            "country": "GB",
            "user_agent": session.user_agent,
            "act": None,
            "act_details": None,
            "refused_at": None,
            "more_events": False,
        }
        == found
    )
    assert found["place"]["country_code"] == found["first_place"]["country_code"] == "GB"
    assert [one["method"] for one in found["authentication"]] == ["password"]
    assert [event["kind"] for event in found["events"]] == ["signed_in"]
    assert found["events"][0]["address"] == session.address


def test_it_says_who_ended_it_why_and_that_it_was_refused(
    user: Any, administrator: Any, browser: Any
) -> None:
    client = browser()
    client.sign_in(user)
    session = Session.objects.get(pk=client.session.session_id)
    happened = timezone.now() - timedelta(seconds=30)
    Session.objects.filter(pk=session.pk).update(signed_in_at=timezone.now() - timedelta(hours=1))
    end_session(
        session=session,
        reason=EndReason.INCIDENT,
        actor=administrator,
        ticket="INC-7",
        note="stolen",
        happened_at=happened,
    )
    assert client.get("/account/devices/").status_code == 302
    found = shown(session)
    act = Act.objects.get()
    assert (found["state"], found["reason"], found["actor"], found["act"]) == (
        "ended",
        "incident",
        str(administrator.pk),
        str(act.pk),
    )
    assert found["act_details"] == {
        "at": moments.in_utc(act.at).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "reason": "incident",
        "actor": str(administrator.pk),
        "ticket": "INC-7",
        "note": "stolen",
        "happened_at": moments.in_utc(happened).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "count": 1,
        "ending": None,
    }
    assert found["refused_at"] >= found["ended_at"] > found["untrusted_since"]
    assert [(event["kind"], event["ticket"]) for event in found["events"]] == [
        ("signed_in", ""),
        ("ended", "INC-7"),
    ]


def test_people_read_names_and_what_is_known(session: Session, user: Any, administrator: Any) -> None:
    end_session(session=session, reason=EndReason.INCIDENT, actor=administrator, note="stolen\x1b[2J")
    out = sessions("show", session.public_id).out
    assert f"{user.email} ({user.pk})" in out and f"{administrator.email} ({administrator.pk})" in out
    assert "stolen\ufffd[2J" in out and "\x1b" not in out
    assert "refused_at" not in out and "impersonator" not in out and "AAL1" in out
    assert out.index("Device:") < out.index("Act:") < out.index("Events") < out.rindex("ended")


def test_no_key_digest_or_hash_is_shown(session: Session) -> None:
    out = sessions("show", session.public_id).out + sessions("show", session.public_id, "--json").out
    assert session.device is not None
    secrets = (session.digest, session.auth_hash, session.payload, session.device.cookie_digest)
    assert all(secrets) and [secret for secret in secrets if secret in out] == []


def test_events_of_other_sessions_are_not_among_its_own(session: Session, user: Any, browser: Any) -> None:
    browser().sign_in(user)
    assert len(shown(session)["events"]) == 1


def test_only_the_newest_events_are_shown(session: Session, user: Any) -> None:
    for _ in range(101):
        events.append(Event.Kind.REAUTHENTICATED, user_id=user.pk, session=session)
    found = shown(session)
    assert len(found["events"]) == 100 and found["more_events"] is True
    assert {event["kind"] for event in found["events"]} == {"reauthenticated"}
    assert "The newest 100 events:" in sessions("show", session.public_id).out


def test_the_number_of_statements_is_fixed(session: Session, user: Any) -> None:
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            shown(session)
        counts.append(len(queries))
        events.append(Event.Kind.REAUTHENTICATED, user_id=user.pk, actor_id=user.pk, session=session)
    assert counts == [2, 2]  # the session with its device and act, the events with their details


@pytest.mark.parametrize("public_id", ["nosuchid", "", "x" * 500])
def test_an_unknown_id_is_an_error(public_id: str, db: None) -> None:
    ran = sessions("show", public_id)
    assert (ran.code, ran.out) == (1, "") and "There is no session with the id" in ran.err


def test_an_anonymous_session_is_nobodys(db: None) -> None:
    row = Session.objects.create(digest="0" * 64, expires_at=timezone.now() + timedelta(days=1))
    assert sessions("show", row.public_id).code == 1


def test_it_needs_the_id(db: None) -> None:
    assert "required" in sessions("show").err
