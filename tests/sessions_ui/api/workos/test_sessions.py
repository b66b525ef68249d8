"""A user's sessions in WorkOS's shape: which, in which order, page by page, and ended."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.wording.workos import stamp
from tests.models import EndReason, Event, Session
from tests.sessions_ui.api.conftest import Program
from tests.sessions_ui.api.workos.conftest import PREFIX, is_signed_in, sign_in

pytestmark = pytest.mark.django_db

REVOKE = f"{PREFIX}/user_management/sessions/revoke"


def url_of(user: Any) -> str:
    return f"{PREFIX}/user_management/users/{user.pk}/sessions"


def listed(caller: Program, user: Any, **asked: Any) -> dict[str, Any]:
    answer = caller.get(url_of(user), asked)
    assert answer.status_code == 200, answer.content
    document: dict[str, Any] = answer.json()
    return document


def ids(document: dict[str, Any]) -> list[str]:
    return [session["id"] for session in document["data"]]


def test_a_session_has_what_the_clients_read_and_no_key(caller: Program, user: Any) -> None:
    browser, session = sign_in(user, HTTP_USER_AGENT="Mozilla/5.0 Firefox/145.0", REMOTE_ADDR="81.2.69.142")
    session.refresh_from_db()
    [document] = listed(caller, user)["data"]
    assert document == {
        "object": "session",
        "id": session.public_id,
        "user_id": str(user.pk),
        "ip_address": session.address,
        "user_agent": session.user_agent or None,
        "auth_method": "unknown",
        "status": "active",
        "expires_at": stamp(session.expires_at),
        "ended_at": None,
        "created_at": stamp(session.signed_in_at),
        "updated_at": stamp(session.last_seen_at),
    }
    assert session.digest not in str(document) and browser.session.session_key not in str(document)


@pytest.mark.parametrize(
    ("columns", "method"),
    [
        ({"method": "password"}, "password"),
        ({"method": "password+totp"}, "password"),
        ({"method": "passkey"}, "passkey"),
        ({"method": "code"}, "magic_code"),
        ({"provider": "google", "method": "password"}, "oauth"),
        ({"provider": "entra"}, "sso"),
        ({"method": "smart_card"}, "unknown"),
    ],
)
def test_how_it_was_signed_in_in_their_words(
    caller: Program, user: Any, settings: Any, columns: dict[str, str], method: str
) -> None:
    provider = {"name": "Entra", "issuer": "https://login.example", "audience": "us"}
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "PROVIDERS": {"entra": provider}}
    _browser, session = sign_in(user)
    Session.objects.filter(pk=session.pk).update(**columns)
    assert listed(caller, user)["data"][0]["auth_method"] == method


def test_staff_in_the_account_is_told(caller: Program, user: Any, agent: Any) -> None:
    _browser, session = sign_in(user)
    Session.objects.filter(pk=session.pk).update(impersonator=agent, impersonation_reason="Ticket 7")
    [document] = listed(caller, user)["data"]
    assert document["impersonator"] == {"email": agent.email, "reason": "Ticket 7"}
    assert document["auth_method"] == "impersonation"


def test_only_what_is_signed_in_to_this_very_account(
    caller: Program, user: Any, other_user: Any, make_token: Any
) -> None:
    make_token(user)
    sign_in(other_user)
    _browser, ended = sign_in(user)
    end_session(session=ended, reason=EndReason.ADMINISTRATOR)
    _browser, expired = sign_in(user)
    Session.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    _browser, living = sign_in(user)
    assert ids(listed(caller, user)) == [living.public_id]


def test_what_an_incident_has_ended_is_over_before_its_rows_say_so(
    user: Any, administrator: Any, make_token: Any, program: type[Program]
) -> None:
    sign_in(user)
    order_incident(criteria=Criteria(before=timezone.now()), note="leak", actor=administrator)
    assert Session.objects.of(user).filter(ended_at__isnull=True).exists()
    # The program signed in before, too, so it makes another token.
    caller = program(make_token(administrator, scopes=["sessions:admin:read"]))
    assert ids(listed(caller, user)) == []


@pytest.mark.parametrize("order", ["desc", "asc", "normal"])
def test_pages_in_both_directions_cover_all_and_nothing_twice(caller: Program, user: Any, order: str) -> None:
    made = [sign_in(user)[1].public_id for _ in range(7)]
    expected = made if order == "asc" else made[::-1]
    forwards, backwards = ("before", "after") if order == "normal" else ("after", "before")
    found: list[str] = []
    page = listed(caller, user, limit=3, order=order)
    assert page["list_metadata"][backwards] is None
    while True:
        found += ids(page)
        if (cursor := page["list_metadata"][forwards]) is None:
            break
        page = listed(caller, user, limit=3, order=order, **{forwards: cursor})
    assert found == expected
    found = ids(page)
    while (cursor := page["list_metadata"][backwards]) is not None:
        page = listed(caller, user, limit=3, order=order, **{backwards: cursor})
        found = ids(page) + found
    assert found == expected


def test_a_cursor_stays_valid_when_its_session_ends_meanwhile(caller: Program, user: Any) -> None:
    made = [sign_in(user)[1] for _ in range(5)][::-1]
    first = listed(caller, user, limit=2)
    assert ids(first) == [made[0].public_id, made[1].public_id]
    for session in made[:2]:
        assert caller.post(REVOKE, {"session_id": session.public_id}, "application/json").status_code == 200
    second = listed(caller, user, limit=2, after=first["list_metadata"]["after"])
    assert ids(second) == [made[2].public_id, made[3].public_id]
    end_session(session=made[2], reason=EndReason.ADMINISTRATOR)
    back = listed(caller, user, limit=2, before=made[3].public_id)
    assert ids(back) == [] and back["list_metadata"] == {"before": None, "after": None}


def test_a_cursor_of_somebody_else_is_none(caller: Program, user: Any, other_user: Any) -> None:
    _browser, theirs = sign_in(other_user)
    for direction in ("after", "before"):
        answer = caller.get(url_of(user), {direction: theirs.public_id})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, direction)


def test_a_page_takes_a_fixed_number_of_statements(
    caller: Program, user: Any, django_assert_num_queries: Any
) -> None:
    for _ in range(30):
        sign_in(user)
    newest = Session.objects.of(user).latest("pk")
    listed(caller, user)
    with django_assert_num_queries(4):  # the token, the user, the cursor, the page
        assert len(listed(caller, user, limit=10, after=newest.public_id)["data"]) == 10


def test_revoking_ends_it_at_once_by_the_path_of_all_endings(
    caller: Program, user: Any, administrator: Any
) -> None:
    browser, session = sign_in(user)
    assert is_signed_in(browser)
    answer = caller.post(REVOKE, {"session_id": session.public_id}, "application/json")
    assert (answer.status_code, answer.json()["id"]) == (200, session.public_id)
    session.refresh_from_db()
    assert (session.end_reason, session.ended_by_id) == (EndReason.API, administrator.pk)
    assert not is_signed_in(browser)
    ended = Event.objects.get(kind=Event.Kind.ENDED, session=session)
    assert (ended.actor_id, ended.reason) == (administrator.pk, EndReason.API)
    assert answer["X-Request-ID"] == ended.request_id


def test_revoking_again_is_answered_the_same_and_does_nothing(caller: Program, user: Any) -> None:
    _browser, session = sign_in(user)
    end_session(session=session, reason=EndReason.NOT_ME)
    before = Event.objects.count()
    answer = caller.post(REVOKE, {"session_id": session.public_id}, "application/json")
    assert answer.status_code == 200
    session.refresh_from_db()
    assert (session.end_reason, Event.objects.count()) == (EndReason.NOT_ME, before)


def test_a_token_is_no_session_to_revoke(caller: Program, user: Any, make_token: Any) -> None:
    made = make_token(user)
    answer = caller.post(REVOKE, {"session_id": made.token.session.public_id}, "application/json")
    assert answer.status_code == 404
    assert Session.objects.get(pk=made.token.pk).ended_at is None
