"""What programs see and do of other people's accounts, with the scopes and permissions for it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from sessions_ui.actions.tokens.scopes import PERMISSIONS
from sessions_ui.api.json.application import api
from sessions_ui.api.json.document import operations_of, scopes_of
from sessions_ui.api.json.paging import LARGEST_KEY
from sessions_ui.api.json.programs.incidents import MOST_KEYS
from tests.models import Act, Device, EndReason, Event, Heartbeat, Incident, Session
from tests.sessions_ui.api.conftest import Program
from tests.sessions_ui.api.json.conftest import is_problem, send

pytestmark = pytest.mark.django_db

WHY = {"note": "stolen", "ticket": "INC-7"}


@pytest.fixture
def program_of(make_token: Any) -> Any:
    def made(person: Any, *scopes: str) -> Program:
        return Program(make_token(person, scopes=scopes))

    return made


@pytest.fixture
def responder(other_user: Any) -> Any:
    """Staff that has just the permissions that the scopes take, and is no superuser."""
    type(other_user).objects.filter(pk=other_user.pk).update(is_staff=True)
    for name in {name for names in PERMISSIONS.values() for name in names}:
        label, _, codename = name.partition(".")
        permission = Permission.objects.get(content_type__app_label=label, codename=codename)
        other_user.user_permissions.add(permission)
    return type(other_user).objects.get(pk=other_user.pk)


def test_a_users_sessions(user: Any, responder: Any, program_of: Any, browser: Any, make_token: Any) -> None:
    browser().sign_in(user)
    made = make_token(user)
    client = program_of(responder, "sessions:admin:read")
    shown = client.get(f"/api/admin/users/{user.pk}/sessions").json()
    assert [(each["kind"], each["user"]) for each in shown["data"]] == [
        ("token", str(user.pk)),
        ("browser", str(user.pk)),
    ]
    one = client.get(f"/api/admin/sessions/{shown['data'][1]['id']}").json()
    assert one == shown["data"][1] and one["device"]["name"] == "Firefox on Linux"
    assert made.value not in str(shown)
    assert client.get(f"/api/admin/users/{user.pk}/sessions?state=ended").json()["data"] == []


@pytest.mark.parametrize("key", ["0", "999999999", "007", "-1", "x", "9" * 30, "9" * 65, "%C2%B2"])
def test_an_account_that_is_not_there_is_404(key: str, responder: Any, program_of: Any) -> None:
    client = program_of(responder, "sessions:admin:read", "sessions:admin:end")
    assert is_problem(client.get(f"/api/admin/users/{key}/sessions"), 404, "not-found")
    assert is_problem(send(client, "post", f"/api/admin/users/{key}/end", WHY), 404, "not-found")


def test_end_one_all_of_a_device_and_all_of_an_account(
    user: Any, responder: Any, program_of: Any, browser: Any, make_token: Any
) -> None:
    for _ in range(3):
        browser().sign_in(user)
    make_token(user)
    first, second, _third = Session.objects.sign_ins().filter(user=user).order_by("pk")
    client = program_of(responder, "sessions:admin:end")
    assert send(client, "post", f"/api/admin/sessions/{first.public_id}/end", WHY).json()["ended"] == 1
    assert send(client, "post", f"/api/admin/devices/{second.device.public_id}/end", WHY).json()["ended"] == 1
    answer = send(client, "post", f"/api/admin/users/{user.pk}/end", WHY)
    assert answer.json()["ended"] == 2  # the token, too
    act = Act.objects.get(pk=answer.json()["act"])
    assert (act.reason, act.actor_id, act.note, act.ticket) == (
        "administrator",
        responder.pk,
        "stolen",
        "INC-7",
    )
    assert not Session.objects.living().filter(user=user).exists()
    assert Session.objects.living().filter(user=responder).exists()
    assert Event.objects.filter(kind="ended", actor_id=responder.pk).count() == 4


def test_since_when_trust_was_over(user: Any, responder: Any, program_of: Any, browser: Any) -> None:
    browser().sign_in(user)
    Session.objects.sign_ins().update(signed_in_at=timezone.now() - timedelta(days=9))
    since = datetime.now(UTC) - timedelta(days=2)
    client = program_of(responder, "sessions:admin:end")
    url = f"/api/admin/users/{user.pk}/end"
    assert send(client, "post", url, {**WHY, "happened_at": since.isoformat()}).json()["ended"] == 1
    assert Session.objects.sign_ins().get(user=user).untrusted_since is not None
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    assert is_problem(send(client, "post", url, {**WHY, "happened_at": later}), 422, "not-yet-happened")


@pytest.mark.parametrize(
    "body",
    [{}, {"note": ""}, {"note": "x" * 501}, {**WHY, "ticket": "x" * 101}, {**WHY, "happened_at": 5},
     {**WHY, "happened_at": "2026-11-01T00:00:00"}, {**WHY, "reason": "x"}, {**WHY, "happened_at": "soon"}],
)  # fmt: skip
def test_no_reason_or_no_moment_is_422(
    body: Any, user: Any, responder: Any, program_of: Any, browser: Any
) -> None:
    browser().sign_in(user)
    client = program_of(responder, "sessions:admin:end")
    assert is_problem(send(client, "post", f"/api/admin/users/{user.pk}/end", body), 422, "invalid")
    assert Session.objects.living().filter(user=user).exists()


# --- Incidents


def test_preview_order_and_follow_an_incident(
    user: Any, responder: Any, program_of: Any, browser: Any
) -> None:
    browser().sign_in(user)
    client = program_of(responder, "incidents:order")
    criteria = {"users": [str(user.pk)]}
    seen = send(client, "post", "/api/admin/incidents/preview", criteria).json()
    assert (seen["sessions"], seen["people"], seen["includes_own"], seen["needs_approval"]) == (
        1,
        1,
        False,
        False,
    )
    assert [each["user"] for each in seen["examples"]] == [str(user.pk)]
    answer = send(client, "post", "/api/admin/incidents", {"criteria": criteria, "at_most": 1, **WHY})
    assert (answer.status_code, answer.json()["state"], answer.json()["note"]) == (201, "running", "stolen")
    url = f"/api/admin/incidents/{answer.json()['id']}"
    assert client.get(url).json()["found"] == {"sessions": 1, "people": 1}
    assert send(client, "post", f"{url}/stop").json() == {"done": True}
    assert send(client, "post", f"{url}/stop").json() == {"done": False}
    assert send(client, "post", f"{url}/resume").json() == {"done": True}
    listed = client.get("/api/admin/incidents").json()
    assert [each["id"] for each in listed["data"]][:1] == [answer.json()["id"]]
    assert Incident.objects.get().actor_id == responder.pk


def test_a_preview_counts_the_token_that_asks_where_it_is_to_end(responder: Any, program_of: Any) -> None:
    client = program_of(responder, "incidents:order")
    criteria = {"users": [str(responder.pk)]}
    for own in (False, True):
        url = "/api/admin/incidents/preview"
        seen = send(client, "post", url, {**criteria, "include_own": own}).json()
        assert (seen["sessions"], seen["includes_own"]) == (int(own), True)
    answer = send(
        client,
        "post",
        "/api/admin/incidents",
        {"criteria": criteria, "at_most": 0, "include_own": True, **WHY},
    )
    assert is_problem(answer, 409, "more-than-expected")
    answer = send(client, "post", "/api/admin/incidents", {"criteria": criteria, "at_most": 0, **WHY})
    assert answer.json()["found"] == {"sessions": 0, "people": 0}


def test_the_longest_lists_of_criteria_are_no_body_that_is_too_large(responder: Any, program_of: Any) -> None:
    criteria = {"users": ["9" * 64] * MOST_KEYS, "groups": [LARGEST_KEY] * MOST_KEYS}
    answer = program_of(responder, "incidents:order").post(
        "/api/admin/incidents/preview", criteria, content_type="application/json"
    )
    assert is_problem(answer, 422, "no-such-account")


def test_everyone_at_once_spares_the_token_that_orders_it(
    user: Any, responder: Any, program_of: Any, browser: Any
) -> None:
    laptop = browser()
    laptop.sign_in(user)
    client = program_of(responder, "incidents:order")
    answer = send(client, "post", "/api/admin/incidents", {"criteria": {"everyone": True}, **WHY})
    assert answer.status_code == 201
    assert laptop.get("/account/devices/").status_code == 302
    assert client.get("/api/admin/incidents").status_code == 200


def test_more_than_was_counted_is_refused(user: Any, responder: Any, program_of: Any, browser: Any) -> None:
    browser().sign_in(user)
    body = {"criteria": {"users": [str(user.pk)]}, "at_most": 0, **WHY}
    answer = send(program_of(responder, "incidents:order"), "post", "/api/admin/incidents", body)
    assert is_problem(answer, 409, "more-than-expected") and answer.json()["sessions"] == 1
    assert not Incident.objects.exists() and Session.objects.living().filter(user=user).exists()


@pytest.mark.parametrize(
    ("criteria", "kind"),
    [
        ({}, "incident-refused"),
        ({"everyone": True, "staff": True}, "incident-refused"),
        ({"network": "nowhere"}, "incident-refused"),
        ({"before": "2999-01-01T00:00:00Z"}, "incident-refused"),
        ({"since": "2026-02-01T00:00:00Z", "before": "2026-01-01T00:00:00Z"}, "incident-refused"),
        ({"users": ["nobody"]}, "no-such-account"),
        ({"users": "1"}, "invalid"),
        ({"users": [1]}, "invalid"),
        ({"groups": ["1"]}, "invalid"),
        ({"groups": [2**63]}, "invalid"),
        ({"everyone": "true"}, "invalid"),
        ({"everyone": 1}, "invalid"),
        ({"since": 5}, "invalid"),
        ({"country": "D"}, "invalid"),
        ({"country": "D\n"}, "invalid"),
        ({"everybody": True}, "invalid"),
        ({"users": ["1"] * 1001}, "invalid"),
    ],
)
def test_criteria_that_nobody_can_have_meant_change_nothing(
    criteria: Any, kind: str, user: Any, responder: Any, program_of: Any, browser: Any
) -> None:
    browser().sign_in(user)
    client = program_of(responder, "incidents:order")
    assert is_problem(send(client, "post", "/api/admin/incidents/preview", criteria), 422, kind)
    assert is_problem(send(client, "post", "/api/admin/incidents", {"criteria": criteria, **WHY}), 422, kind)
    assert not Incident.objects.exists() and Session.objects.living().filter(user=user).exists()


# --- Webhooks and health


def test_webhook_endpoints_and_what_became_of_their_messages(
    user: Any, responder: Any, endpoint: Any, program_of: Any, browser: Any
) -> None:
    from sessions_ui.actions.endings.end import end_user_sessions

    browser().sign_in(user)
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    client = program_of(responder, "webhooks:read")
    [shown] = [each for each in client.get("/api/admin/webhooks").json()["data"] if each["id"] == endpoint.pk]
    assert (shown["url"], shown["types"]) == ("https://hooks.example/devices", ["sessions.ended"])
    assert "secret" not in str(shown)
    assert client.get(f"/api/admin/webhooks/{endpoint.pk}").json() == shown
    [message] = client.get(f"/api/admin/webhooks/{endpoint.pk}/deliveries").json()["data"]
    assert (message["state"], message["attempts"], message["act"]) == ("open", 0, str(Act.objects.get().pk))


@pytest.mark.parametrize("key", ["0", "-1", "x", "1.0", str(2**63), "999999"])
@pytest.mark.parametrize(
    "url", ["/api/admin/webhooks/{}", "/api/admin/webhooks/{}/deliveries", "/api/admin/incidents/{}"]
)
def test_a_number_that_nothing_has_is_404(url: str, key: str, responder: Any, program_of: Any) -> None:
    client = program_of(responder, "webhooks:read", "incidents:order")
    assert is_problem(client.get(url.format(key)), 404, "not-found")


def test_health(responder: Any, program_of: Any) -> None:
    client = program_of(responder, "sessions:admin:read")
    assert client.get("/api/admin/health").json()["status"] == "weak"  # no worker was ever seen
    Heartbeat.objects.update_or_create(name="worker", defaults={"seen_at": timezone.now()})
    said = client.get("/api/admin/health").json()
    assert (said["status"], said["worker_late"], said["messages_late"]) in {
        ("ok", False, False),
        ("weak", False, False),
    }


# --- Who may

OPERATIONS = [operation for operation in operations_of(api) if operation.path.startswith("/admin/")]


def ask(client: Any, operation: Any) -> Any:
    path = re.sub(r"{\w+:", "{", operation.path)
    url = "/api" + path.format(
        user_id="1", session_id="0" * 16, device_id="0" * 16, incident_id="1", endpoint_id="1"
    )
    return send(client, operation.methods[0], url, {})


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.view_func.__name__)
def test_each_operation_about_others_takes_a_scope_that_takes_a_permission(operation: Any) -> None:
    assert scopes_of(operation) and {*scopes_of(operation)} <= {*PERMISSIONS}
    assert [type(each).__name__ for each in operation.auth_callbacks] == ["Token"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.view_func.__name__)
def test_another_scope_does_not_open_it(operation: Any, administrator: Any, program_of: Any) -> None:
    others = {"sessions:read", "sessions:end", *PERMISSIONS} - {*scopes_of(operation)}
    assert is_problem(ask(program_of(administrator, *others), operation), 403, "insufficient-scope")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.view_func.__name__)
def test_a_permission_that_was_taken_away_closes_it(operation: Any, responder: Any, program_of: Any) -> None:
    client = program_of(responder, *scopes_of(operation))
    responder.user_permissions.clear()
    answer = ask(client, operation)
    assert is_problem(answer, 403, "insufficient-scope")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.view_func.__name__)
def test_a_cookie_does_not_open_it(operation: Any, administrator: Any, signed_in: Any) -> None:
    client = signed_in(administrator)
    assert is_problem(ask(client, operation), 401, "token-needed")


def test_a_device_that_is_not_there_is_404(responder: Any, program_of: Any) -> None:
    client = program_of(responder, "sessions:admin:end")
    assert is_problem(send(client, "post", f"/api/admin/devices/{'0' * 16}/end", WHY), 404, "not-found")
    assert Device.objects.count() == 0
