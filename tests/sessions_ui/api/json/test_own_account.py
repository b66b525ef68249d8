"""Devices, access tokens and history of one's own, by a token or a cookie."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session
from sessions_ui.conf.endings import UNUSED_MONTHS
from tests.aging import age_sign_ins
from tests.models import AccountState, Device, EndReason, Event, Session
from tests.sessions_ui.api.conftest import Program
from tests.sessions_ui.api.json.conftest import Call, is_problem, send
from tests.unused import let_them_last

pytestmark = pytest.mark.django_db

RENAME = ["devices:rename"]


@pytest.fixture
def device(user: Any, browser: Any) -> Device:
    browser().sign_in(user)
    return Device.objects.get(user=user)


def test_a_device_gets_a_name_and_loses_it(user: Any, device: Device, call: Call) -> None:
    url = f"/api/devices/{device.public_id}"
    assert call(user, "patch", url, {"name": "Kitchen"}, scopes=RENAME).json()["name"] == "Kitchen"
    assert call(user, "get", url).json()["name"] == "Kitchen"
    assert call(user, "patch", url, {"name": ""}, scopes=RENAME).json()["name"] == "Firefox on Linux"
    assert Event.objects.filter(kind="device_renamed", actor_id=user.pk).count() == 2


@pytest.mark.parametrize("body", [{}, {"name": 1}, {"name": None}, {"name": "x" * 65}, {"nam": "x"}, []])
def test_what_is_no_name_is_422(body: Any, user: Any, device: Device, call: Call) -> None:
    assert is_problem(
        call(user, "patch", f"/api/devices/{device.public_id}", body, scopes=RENAME), 422, "invalid"
    )
    device.refresh_from_db()
    assert device.name == ""


def test_somebody_elses_device_does_not_exist(other_user: Any, device: Device, call: Call) -> None:
    url = f"/api/devices/{device.public_id}"
    assert is_problem(call(other_user, "get", url), 404, "not-found")
    assert is_problem(call(other_user, "patch", url, {"name": "x"}, scopes=RENAME), 404, "not-found")


def test_a_cookie_is_asked_for_a_proof_as_on_the_page(user: Any, device: Device, signed_in: Any) -> None:
    Device.objects.update(first_seen_at=timezone.now() - timedelta(days=9), from_start=False)
    client = signed_in(user)
    client.get("/account/devices/")
    headers = {"X-CSRFToken": client.cookies["csrftoken"].value}
    answer = send(client, "patch", f"/api/devices/{device.public_id}", {"name": "x"}, **headers)
    assert is_problem(answer, 403, "further-proof-needed")


def test_when_unused_sign_ins_end_is_read_and_chosen(user: Any, call: Call, settings: Any) -> None:
    let_them_last(settings)
    assert call(user, "get", "/api/unused").json() == {"months": 0, "offered": [3, 6, 12]}
    for months in UNUSED_MONTHS:
        answer = call(user, "put", "/api/unused", {"months": months}, scopes=["sessions:end"])
        assert (answer.status_code, answer.json()["months"]) == (200, months)
        assert call(user, "get", "/api/unused").json()["months"] == months
    assert is_problem(
        call(user, "put", "/api/unused", {"months": 3}, scopes=["sessions:read"]), 403, "insufficient-scope"
    )


@pytest.mark.parametrize(
    "body", [{}, {"months": 1}, {"months": "3"}, {"months": False}, {"months": None}, []]
)
def test_what_is_no_choice_is_422(body: Any, user: Any, call: Call) -> None:
    assert is_problem(call(user, "put", "/api/unused", body, scopes=["sessions:end"]), 422, "invalid")
    assert AccountState.objects.unused_months_of(user.pk) == 0


def test_a_cookie_is_asked_who_is_there_before_it_chooses(user: Any, signed_in: Any) -> None:
    client = signed_in(user)
    client.get("/account/devices/")
    headers = {"X-CSRFToken": client.cookies["csrftoken"].value}
    age_sign_ins(user)
    answer = send(client, "put", "/api/unused", {"months": 3}, **headers)
    assert is_problem(answer, 403, "reauthentication-needed")


def test_tokens_are_listed_without_their_values(user: Any, other_user: Any, make_token: Any) -> None:
    make_token(other_user)
    made = make_token(user, name="Backup")
    end_session(session=make_token(user, name="Old").token.session, reason=EndReason.LEAKED)
    answer = Program(made).get("/api/tokens")
    [shown] = answer.json()["data"]
    assert (shown["name"], shown["current"], shown["scopes"]) == ("Backup", True, ["sessions:read"])
    assert made.value not in answer.content.decode()
    listed = {
        state: Program(made).get(f"/api/tokens?state={state}").json()["data"] for state in ("ended", "all")
    }
    assert [len(each) for each in listed.values()] == [1, 2]
    assert listed["ended"][0]["end_reason"] == "leaked"


@pytest.mark.parametrize("itself", [True, False])
def test_a_token_ends(itself: bool, user: Any, make_token: Any) -> None:
    asks = make_token(user, scopes=["sessions:end"])
    chosen = asks if itself else make_token(user)
    url = f"/api/tokens/{chosen.token.session.public_id}/end"
    assert send(Program(asks), "post", url).json()["ended"] == 1
    session = Session.objects.get(pk=chosen.token.pk)
    assert session.end_reason == ("signed_out" if itself else "signed_out_remotely")
    assert Session.objects.living().tokens().count() == (0 if itself else 1)


def test_a_sign_in_and_somebody_elses_token_are_no_tokens_of_ones_own(
    user: Any, other_user: Any, device: Device, make_token: Any, call: Call
) -> None:
    for session in (Session.objects.sign_ins().get(), make_token(other_user).token.session):
        url = f"/api/tokens/{session.public_id}"
        assert is_problem(call(user, "get", url), 404, "not-found")
        assert is_problem(call(user, "post", f"{url}/end", scopes=["sessions:end"]), 404, "not-found")


def test_the_history_tells_what_happened_and_not_who_of_others_did_it(
    user: Any, administrator: Any, other_user: Any, device: Device, call: Call, browser: Any
) -> None:
    browser().sign_in(other_user)
    session = Session.objects.sign_ins().get(user=user)
    end_session(
        session=session, reason=EndReason.ADMINISTRATOR, actor=administrator, note="seen", ticket="T-1"
    )
    answer = call(user, "get", "/api/history")
    told = [
        (each["kind"], each["session"], each["by"])
        for each in answer.json()["data"]
        if each["kind"] != "credential_changed"
    ]
    assert told == [("ended", session.public_id, "somebody else"), ("signed_in", session.public_id, "you")]
    for hidden in ("seen", "T-1", administrator.email, other_user.email):
        assert hidden not in answer.content.decode()


def test_the_history_comes_in_parts(user: Any, call: Call, browser: Any) -> None:
    for _ in range(4):
        browser().sign_in(user)
    first = call(user, "get", "/api/history?limit=3").json()
    second = call(user, "get", f"/api/history?limit=100&cursor={first['next']}").json()
    ids = [each["id"] for each in first["data"] + second["data"]]
    assert len({*ids}) == len(ids) and ids == sorted(ids, reverse=True)


@pytest.mark.parametrize("url", ["/api/tokens", "/api/history"])
def test_each_list_is_two_statements(
    url: str, user: Any, make_token: Any, browser: Any, django_assert_num_queries: Any
) -> None:
    client = Program(make_token(user))
    client.get(url)
    for _ in range(3):
        browser().sign_in(user)
        make_token(user)
    with django_assert_num_queries(2):
        client.get(url)
