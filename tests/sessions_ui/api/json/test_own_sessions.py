"""What somebody, or a token of theirs, asks of their own sign-ins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session
from tests.models import Device, EndReason, Event, Session
from tests.sessions_ui.api.conftest import Program
from tests.sessions_ui.api.json.conftest import Call, is_problem, send

pytestmark = pytest.mark.django_db

SESSIONS = "/api/sessions"
END = ["sessions:end"]


def test_the_list_shows_what_is_signed_in_and_nothing_secret(
    user: Any, other_user: Any, call: Call, browser: Any
) -> None:
    browser().sign_in(user)
    browser().sign_in(other_user)
    answer = call(user, "get", SESSIONS)
    [shown] = answer.json()["data"]
    session = Session.objects.sign_ins().get(user=user)
    assert (shown["id"], shown["device"]["name"], shown["living"]) == (
        session.public_id,
        "Firefox on Linux",
        True,
    )
    assert (shown["current"], shown["place"]["country"], answer.json()["next"]) == (False, "GB", None)
    for secret in (session.digest, session.auth_hash, str(session.pk) + ","):
        assert secret not in answer.content.decode()


def test_a_cookie_sees_which_one_it_is(user: Any, signed_in: Any) -> None:
    signed_in(user)
    shown = signed_in(user).get(SESSIONS).json()["data"]
    assert [each["current"] for each in shown] == [True, False]


def test_ended_ones_are_listed_when_asked_for(user: Any, other_user: Any, call: Call, browser: Any) -> None:
    for _ in range(2):
        browser().sign_in(user)
    first = Session.objects.sign_ins().order_by("pk").first()
    end_session(session=first, reason=EndReason.ADMINISTRATOR, actor=other_user)
    listed = {
        state: call(user, "get", f"{SESSIONS}?state={state}").json()["data"]
        for state in ("living", "ended", "all")
    }
    assert [len(listed[state]) for state in listed] == [1, 1, 2]
    [ended] = listed["ended"]
    assert (ended["end_reason"], ended["ended_by"], ended["living"]) == (
        "administrator",
        "somebody else",
        False,
    )


def test_what_has_run_out_is_not_listed_as_signed_in(user: Any, call: Call, browser: Any) -> None:
    browser().sign_in(user)
    Session.objects.sign_ins().update(last_seen_at=timezone.now() - timedelta(days=60))
    assert call(user, "get", SESSIONS).json()["data"] == []


def test_pages_go_on_where_the_last_one_ended_also_when_its_row_has_ended(
    user: Any, call: Call, browser: Any
) -> None:
    for _ in range(5):
        browser().sign_in(user)
    ids = [session.public_id for session in Session.objects.sign_ins().order_by("-pk")]
    first = call(user, "get", f"{SESSIONS}?limit=2").json()
    assert [each["id"] for each in first["data"]] == ids[:2]
    end_session(session=Session.objects.get(public_id=ids[1]), reason=EndReason.ADMINISTRATOR)
    browser().sign_in(user)
    second = call(user, "get", f"{SESSIONS}?limit=2&cursor={first['next']}").json()
    assert [each["id"] for each in second["data"]] == ids[2:4]
    Session.objects.filter(public_id=ids[3]).delete()
    third = call(user, "get", f"{SESSIONS}?limit=2&cursor={second['next']}").json()
    assert ([each["id"] for each in third["data"]], third["next"]) == (ids[4:], None)


def test_one(user: Any, call: Call, browser: Any) -> None:
    browser().sign_in(user)
    session = Session.objects.sign_ins().get()
    assert call(user, "get", f"{SESSIONS}/{session.public_id}").json()["id"] == session.public_id


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_somebody_elses_does_not_exist(
    method: str, user: Any, other_user: Any, call: Call, browser: Any, make_token: Any
) -> None:
    browser().sign_in(other_user)
    theirs = Session.objects.sign_ins().get(user=other_user)
    own_token = make_token(user).token.session
    for session in (theirs, own_token):  # a token is no sign-in
        url = f"{SESSIONS}/{session.public_id}" + ("/end" if method == "post" else "")
        assert is_problem(call(user, method, url, scopes=["sessions:read", "sessions:end"]), 404, "not-found")
    assert Session.objects.living().filter(pk__in=[theirs.pk, own_token.pk]).count() == 2


@pytest.mark.parametrize("public_id", ["0" * 16, "x", "O" * 16, "1" * 17, "0" * 300])
def test_an_id_that_nobody_has_is_404(public_id: str, user: Any, call: Call) -> None:
    assert is_problem(call(user, "get", f"{SESSIONS}/{public_id}"), 404, "not-found")


def test_a_token_ends_one_and_ending_it_again_changes_nothing(user: Any, call: Call, browser: Any) -> None:
    laptop = browser()
    laptop.sign_in(user)
    session = Session.objects.sign_ins().get()
    url = f"{SESSIONS}/{session.public_id}/end"
    first, second = call(user, "post", url, scopes=END), call(user, "post", url, scopes=END)
    session.refresh_from_db()
    assert (session.end_reason, session.ended_by_id) == ("signed_out_remotely", user.pk)
    assert first.json() == {"ended": 1, "already_ended": 0, "bridged": 0, "act": str(session.act_id)}
    assert second.json() == {"ended": 0, "already_ended": 1, "bridged": 0, "act": None}
    assert laptop.get("/account/devices/").status_code == 302


def test_end_others_by_a_token_leaves_the_tokens_and_by_wish_itself_only(
    user: Any, make_token: Any, browser: Any
) -> None:
    browser().sign_in(user)
    other = make_token(user).token
    client = Program(make_token(user, scopes=END))
    assert send(client, "post", f"{SESSIONS}/end-others", {}).json()["ended"] == 1
    assert Session.objects.living().filter(pk=other.pk).exists()
    assert send(client, "post", f"{SESSIONS}/end-others", {"tokens": True}).json()["ended"] == 1
    assert send(client, "post", f"{SESSIONS}/end-all", {"tokens": True}).json()["ended"] == 1
    assert is_problem(send(client, "post", f"{SESSIONS}/end-all", {}), 401, "invalid-token")


def csrf(client: Any) -> dict[str, str]:
    client.get("/account/devices/")
    return {"X-CSRFToken": client.cookies["csrftoken"].value}


@pytest.mark.parametrize(("which", "left"), [("end-others", 1), ("end-all", 0)])
def test_without_a_body_the_tokens_stay(
    which: str, left: int, user: Any, signed_in: Any, make_token: Any
) -> None:
    """Nothing is asked of a browser that vouches for itself."""
    token, here, _other = make_token(user), signed_in(user), signed_in(user)
    answer = send(here, "post", f"{SESSIONS}/{which}", **csrf(here))
    assert (answer.status_code, answer.json()["ended"]) == (200, 2 - left)
    assert Session.objects.living().sign_ins().count() == left
    assert Session.objects.get(pk=token.token.pk).is_living


def test_a_cookie_needs_the_csrf_token_for_what_changes_something(user: Any, signed_in: Any) -> None:
    client = signed_in(user)
    assert is_problem(send(client, "post", f"{SESSIONS}/end-others", {}), 403, "csrf-failed")
    answer = send(client, "post", f"{SESSIONS}/end-others", {}, **csrf(client))
    assert answer.json() == {"ended": 0, "already_ended": 0, "bridged": 0, "act": None}
    assert client.get(SESSIONS).status_code == 200


def test_a_cookie_that_ends_its_own_session_is_forgotten(user: Any, signed_in: Any) -> None:
    client = signed_in(user)
    own = Session.objects.get().public_id
    assert send(client, "post", f"{SESSIONS}/{own}/end", {}, **csrf(client)).json()["ended"] == 1
    assert Session.objects.sign_ins().get(user=user).end_reason == "signed_out"
    assert not client.cookies["sessionid"].value


def test_end_all_by_a_cookie(user: Any, signed_in: Any) -> None:
    client = signed_in(user)
    assert send(client, "post", f"{SESSIONS}/end-all", {}, **csrf(client)).json()["ended"] == 1
    assert not Session.objects.living().filter(user=user).exists()


def test_a_cookie_is_asked_what_the_page_asks(user: Any, signed_in: Any) -> None:
    old, young = signed_in(user), signed_in(user)
    Session.objects.filter(pk=Session.objects.order_by("pk")[0].pk).update(
        signed_in_at=timezone.now() - timedelta(days=9)
    )
    Device.objects.update(first_seen_at=timezone.now() - timedelta(days=9), from_start=False)
    before = Session.objects.order_by("pk")[0].public_id
    answer = send(young, "post", f"{SESSIONS}/{before}/end", {}, **csrf(young))
    assert is_problem(answer, 403, "further-proof-needed") and answer.json()["page"] == "/account/devices/"
    assert is_problem(
        send(young, "post", f"{SESSIONS}/end-others", {}, **csrf(young)), 403, "further-proof-needed"
    )
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        answer = send(old, "post", f"{SESSIONS}/end-others", {}, **csrf(old))
    assert is_problem(answer, 403, "reauthentication-needed")
    assert Session.objects.living().count() == 2


def test_what_it_ends_is_an_event_of_the_account(user: Any, call: Call, browser: Any) -> None:
    browser().sign_in(user)
    call(user, "post", f"{SESSIONS}/end-all", {}, scopes=END)
    event = Event.objects.get(kind="ended")
    assert (event.actor_id, event.user_id, event.reason) == (user.pk, user.pk, "signed_out_everywhere")


def test_the_list_is_two_statements_whatever_its_length(
    user: Any, make_token: Any, browser: Any, django_assert_num_queries: Any
) -> None:
    client = Program(make_token(user))
    client.get(SESSIONS)  # notes the use, and takes a share of the limit
    for number in (1, 5):
        for _ in range(number):
            browser().sign_in(user)
        with django_assert_num_queries(2):
            client.get(SESSIONS)
