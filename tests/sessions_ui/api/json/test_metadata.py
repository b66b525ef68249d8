"""What a program keeps with a sign-in: set, seen by administrators and webhooks, and fixed once it has ended."""

from __future__ import annotations

from typing import Any

import pytest

from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.sessions.metadata import LARGEST, set_metadata
from sessions_ui.channels.webhooks.payload import about_act
from tests.models import Act, EndReason, Event, Session
from tests.sessions_ui.api.json.conftest import Call, is_problem

pytestmark = pytest.mark.django_db

WRITE = ["sessions:admin:write"]
RIGHT = {"tenant": "acme", "shift": 3, "ratio": 0.5, "kiosk": True, "none": None}


@pytest.fixture
def session(user: Any, browser: Any) -> Session:
    browser().sign_in(user)
    return Session.objects.sign_ins().get(user=user)


def test_it_is_kept_and_replaced_and_taken_away(administrator: Any, session: Session, call: Call) -> None:
    url = f"/api/admin/sessions/{session.public_id}/metadata"
    assert call(administrator, "put", url, {"metadata": RIGHT}, scopes=WRITE).json()["metadata"] == RIGHT
    assert call(administrator, "put", url, {"metadata": {"a": "b"}}, scopes=WRITE).json()["metadata"] == {
        "a": "b"
    }
    assert call(administrator, "put", url, {"metadata": {}}, scopes=WRITE).json()["metadata"] == {}
    session.refresh_from_db()
    assert session.metadata is None


WRONG: list[Any] = [
    {"": 1},
    {"x" * 41: 1},
    {"x": "y" * 501},
    {"x": []},
    {"x": {}},
    {"x": LARGEST * 2},
    {"x": LARGEST + 1},  # a float would be another number
    {"x": -LARGEST - 1},
    {"x": 10**400},
    {str(number): 1 for number in range(21)},
]


@pytest.mark.parametrize("metadata", [*WRONG, [], "x", None])
def test_what_is_not_small_is_422(metadata: Any, administrator: Any, session: Session, call: Call) -> None:
    url = f"/api/admin/sessions/{session.public_id}/metadata"
    assert is_problem(call(administrator, "put", url, {"metadata": metadata}, scopes=WRITE), 422, "invalid")
    session.refresh_from_db()
    assert session.metadata is None


@pytest.mark.parametrize("number", [b"1e400", b"-1e400"])
def test_a_number_that_is_none_is_422(
    number: bytes, administrator: Any, session: Session, call: Call
) -> None:
    url = f"/api/admin/sessions/{session.public_id}/metadata"
    body = b'{"metadata": {"x": ' + number + b"}}"
    assert is_problem(call(administrator, "put", url, body, scopes=WRITE), 422, "invalid")


@pytest.mark.parametrize("metadata", [*WRONG, {"x": float("nan")}])
def test_code_is_told_the_same(metadata: Any, session: Session) -> None:
    with pytest.raises(ValueError, match=r"(names|name|value)"):
        set_metadata(session=session, metadata=metadata)


def test_of_one_that_has_ended_it_stays_as_it_is(administrator: Any, session: Session, call: Call) -> None:
    set_metadata(session=session, metadata={"a": 1})
    end_session(session=session, reason=EndReason.ADMINISTRATOR)
    url = f"/api/admin/sessions/{session.public_id}/metadata"
    answer = call(administrator, "put", url, {"metadata": {"a": 2}}, scopes=WRITE)
    assert is_problem(answer, 409, "session-over")
    session.refresh_from_db()
    assert session.metadata == {"a": 1}


def test_a_webhook_about_its_end_has_it(user: Any, session: Session, browser: Any) -> None:
    browser().sign_in(user)
    set_metadata(session=session, metadata={"tenant": "acme"})
    for each in Session.objects.sign_ins().filter(user=user).order_by("pk"):
        end_session(session=each, reason=EndReason.ADMINISTRATOR)
    told = [
        about_act(act, addresses=False)["sessions"][0].get("metadata") for act in Act.objects.order_by("at")
    ]
    assert told == [{"tenant": "acme"}, None]


def test_a_change_is_an_event_without_the_values(
    user: Any, administrator: Any, session: Session, call: Call
) -> None:
    url = f"/api/admin/sessions/{session.public_id}/metadata"
    for metadata in ({"tenant": "acme"}, {"tenant": "acme"}, {"tenant": "ajax", "desk": 4}, {}):
        assert call(administrator, "put", url, {"metadata": metadata}, scopes=WRITE).status_code == 200
    told = Event.objects.filter(kind="metadata_changed").order_by("pk")
    assert [event.data for event in told] == [
        {"names": names} for names in (["tenant"], ["desk", "tenant"], [])
    ]
    assert {(event.user_id, event.actor_id, event.session_id) for event in told} == {
        (user.pk, administrator.pk, session.pk)
    }


def test_administrators_see_it(administrator: Any, session: Session, browser: Any) -> None:
    set_metadata(session=session, metadata={"tenant": "acme-of-the-test"})
    client = browser()
    client.force_login(administrator)
    page = client.get(f"/admin/sessions_ui/session/{session.pk}/change/")
    assert "acme-of-the-test" in page.content.decode()
