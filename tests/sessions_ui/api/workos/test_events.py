"""Events in WorkOS's shape: which, what they say, and that nobody who follows the cursor misses one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.privacy.erase import erase
from sessions_ui.audit.places import place_before
from sessions_ui.wording.workos import stamp
from tests.conftest import FIREFOX_ON_LINUX, LONDON
from tests.models import EndReason, Event, Seal, Session
from tests.sessions_ui.api.conftest import Program
from tests.sessions_ui.api.workos.conftest import PREFIX, seal, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("the log is one for everybody")]

URL = f"{PREFIX}/events"
BOTH = "session.created,session.revoked"


def listed(caller: Program, **asked: Any) -> dict[str, Any]:
    answer = caller.get(URL, {"events": BOTH, **asked})
    assert answer.status_code == 200, answer.content
    document: dict[str, Any] = answer.json()
    return document


def of_user(document: dict[str, Any], user: Any) -> list[dict[str, Any]]:
    """The bystander's are among them, too."""
    return [event for event in document["data"] if event["data"]["user_id"] == str(user.pk)]


def test_what_a_sign_in_and_an_ending_say(
    caller: Program, user: Any, administrator: Any, browser: Any
) -> None:
    browser().sign_in(user)
    session = Session.objects.of(user).latest("pk")
    end_session(session=session, reason=EndReason.ADMINISTRATOR, actor=administrator)
    seal()
    session.refresh_from_db()
    created, revoked = of_user(listed(caller, limit=100), user)
    of_session = {
        "object": "session",
        "id": session.public_id,
        "user_id": str(user.pk),
        "auth_method": "password",
        "expires_at": stamp(session.expires_at),
        "created_at": stamp(session.signed_in_at),
        "ip_address": LONDON,
        "user_agent": FIREFOX_ON_LINUX,
    }
    begun = Event.objects.get(kind=Event.Kind.SIGNED_IN, session=session)
    ended = Event.objects.get(kind=Event.Kind.ENDED, session=session)
    assert created == {
        "object": "event",
        "id": f"event_{begun.pk}",
        "event": "session.created",
        "data": {**of_session, "status": "active", "ended_at": None, "updated_at": stamp(begun.at)},
        "created_at": stamp(begun.at),
        "context": {"actor": {"id": str(user.pk), "source": "dashboard", "name": None}},
    }
    at = stamp(session.ended_at)
    assert revoked == {
        "object": "event",
        "id": f"event_{ended.pk}",
        "event": "session.revoked",
        "data": {**of_session, "status": "revoked", "ended_at": at, "updated_at": at},
        "created_at": at,
        "context": {
            "actor": {"id": str(administrator.pk), "source": "admin_portal", "name": None},
            "previous_attributes": {"status": "active", "ended_at": None},
        },
    }


@pytest.mark.parametrize(
    ("reason", "status", "source"),
    [
        (EndReason.API, "revoked", "api"),
        (EndReason.IDLE_TIMEOUT, "expired", "system"),
        (EndReason.EXPIRED, "expired", "system"),
        (EndReason.UNUSED, "expired", "system"),
        (EndReason.SIGNED_OUT_REMOTELY, "revoked", "dashboard"),
    ],
)
def test_why_it_ended(caller: Program, user: Any, reason: EndReason, status: str, source: str) -> None:
    _browser, session = sign_in(user)
    end_session(session=session, reason=reason, actor=None if source == "system" else user)
    seal()
    [event] = of_user(listed(caller, events="session.revoked", limit=100), user)
    assert (event["data"]["status"], event["context"]["actor"]["source"]) == (status, source)


def test_a_token_is_no_session_here(caller: Program, user: Any, make_token: Any) -> None:
    end_session(session=make_token(user).token.session, reason=EndReason.API)
    seal()
    assert of_user(listed(caller, limit=100), user) == []


def test_what_was_erased_is_told_no_more(caller: Program, user: Any) -> None:
    sign_in(user)
    seal()
    assert of_user(listed(caller, limit=100), user)
    erase(user=user, actor=None)
    assert of_user(listed(caller, limit=100), user) == []


def test_it_is_there_once_it_is_sealed_and_not_before(caller: Program, user: Any) -> None:
    seal()
    before = listed(caller, limit=100)["data"]
    sign_in(user)
    assert listed(caller, limit=100)["data"] == before
    seal()
    assert len(listed(caller, limit=100)["data"]) == len(before) + 1


def test_whoever_follows_the_cursor_misses_none_also_where_one_commits_late(
    caller: Program, user: Any
) -> None:
    """An event with a smaller key is sealed after greater ones, as with a transaction that takes its time."""
    for _ in range(3):
        sign_in(user)
    late = Event.objects.filter(kind=Event.Kind.SIGNED_IN, user=user).earliest("pk")
    rows = Event.objects.filter(pk=late.pk)
    hidden = rows.get()
    rows._raw_delete(rows.db)  # type: ignore[attr-defined]
    seal()
    first = listed(caller, limit=100)
    assert len(of_user(first, user)) == 2
    cursor = first["data"][-1]["id"]
    assert first["list_metadata"]["after"] is None
    hidden._state.adding = True
    hidden.save(force_insert=True)
    seal()
    following = listed(caller, after=cursor)
    assert [event["id"] for event in following["data"]] == [f"event_{late.pk}"]


def test_the_order_is_that_of_the_log_in_both_directions(caller: Program, user: Any) -> None:
    for _ in range(5):
        sign_in(user)
    seal()
    log = Seal.objects.filter(event__in=Event.objects.filter(kind=Event.Kind.SIGNED_IN)).order_by("position")
    expected = [f"event_{pk}" for pk in log.values_list("event_id", flat=True)]
    asked: dict[str, Any] = {"events": "session.created", "limit": 2}
    found, page = [], listed(caller, **asked)
    while True:
        found += [event["id"] for event in page["data"]]
        if (cursor := page["list_metadata"]["after"]) is None:
            break
        page = listed(caller, after=cursor, **asked)
    assert found == expected
    page = listed(caller, before=expected[-1], **asked)
    assert [event["id"] for event in page["data"]] == expected[-3:-1]
    newest = listed(caller, order="desc", **asked)
    assert [event["id"] for event in newest["data"]] == expected[-1:-3:-1]


def test_by_time_and_organization(caller: Program, user: Any) -> None:
    sign_in(user)
    _browser, new = sign_in(user)
    Session.objects.filter(pk=new.pk).update(organization_id="acme")
    seal()
    everything = of_user(listed(caller, limit=100), user)
    assert len(everything) == 2
    [of_acme] = listed(caller, organization_id="acme", limit=100)["data"]
    assert of_acme["data"] | {"organization_id": "acme"} == of_acme["data"]
    now = timezone.now()
    later, earlier = stamp(now + timedelta(hours=1)), stamp(now - timedelta(hours=1))
    assert of_user(listed(caller, range_start=later, limit=100), user) == []
    assert of_user(listed(caller, range_end=earlier, limit=100), user) == []
    assert len(of_user(listed(caller, range_start=earlier, range_end=later, limit=100), user)) == 2


def test_a_span_of_time_skips_what_was_sealed_long_before(
    caller: Program, user: Any, time_machine: Any
) -> None:
    sign_in(user)
    seal()
    last = Seal.objects.latest("position").position
    now = timezone.now()
    assert place_before(now) == 0, "clocks differ by an hour at most"
    assert place_before(now + timedelta(hours=2)) == last
    time_machine.move_to(now + timedelta(days=1))
    sign_in(user)
    seal()
    start = stamp(now + timedelta(hours=23))
    assert len(of_user(listed(caller, range_start=start, limit=100), user)) == 1


def test_names_that_nothing_here_has_find_nothing(caller: Program, user: Any) -> None:
    sign_in(user)
    seal()
    assert listed(caller, events="dsync.user.created")["data"] == []
    both = listed(caller, events="dsync.user.created,session.created", limit=100)
    assert {event["event"] for event in both["data"]} == {"session.created"}


def test_a_cursor_that_is_not_sealed_or_none_is_refused(caller: Program, user: Any) -> None:
    _browser, session = sign_in(user)
    unsealed = Event.objects.get(session=session, kind=Event.Kind.SIGNED_IN)
    for cursor in (
        f"event_{unsealed.pk}",
        "event_0",
        "event_",
        "event_-1",
        "event_\u0661",
        "event_" + "9" * 30,
        "x",
    ):
        answer = caller.get(URL, {"events": BOTH, "after": cursor})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "invalid_cursor"), cursor


def test_a_page_takes_a_fixed_number_of_statements(
    caller: Program, user: Any, django_assert_num_queries: Any
) -> None:
    for _ in range(20):
        sign_in(user)
    seal()
    cursor = listed(caller, limit=2)["data"][0]["id"]
    with django_assert_num_queries(3):  # the token, the place of the cursor, the page
        assert len(listed(caller, limit=15, after=cursor)["data"]) == 15
