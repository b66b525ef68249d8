"""Access tokens of everybody in the admin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.utils import display_for_value
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.actions.tokens.service_accounts import make_service_account
from tests.models import EndReason, Event, Session

pytestmark = pytest.mark.django_db
TOKENS = "/admin/sessions_ui/accesstoken/"


def make(user: Any, name: str = "Backup", **said: Any) -> Any:
    ends = timezone.now() + timedelta(days=30)
    return create_token(user=user, name=name, scopes=["sessions:read"], expires_at=ends, **said)


def listed(admin: Any, **query: Any) -> set[str]:
    html = admin.get(TOKENS, query).content.decode()
    return {name for name in ("Backup", "Assistant", "Robot's") if name.replace("'", "&#x27;") in html}


def test_the_list_and_a_token(admin: Any, user: Any) -> None:
    made = make(user)
    html = admin.get(TOKENS).content.decode()
    assert "Backup" in html and user.email in html and "sessions:read" in html
    html = admin.get(f"{TOKENS}{made.token.pk}/change/").content.decode()
    assert made.token.hint in html and made.token.session.public_id in html
    for secret in (made.value, made.token.session.digest):
        assert secret not in html
    # Moments as on every other page, and a dash where there is nothing to say.
    at = str(display_for_value(made.token.session.expires_at, "-"))
    assert f'<div class="readonly">{at}</div>' in html and "+00:00" not in html and ">None<" not in html


def test_nobody_is_said_to_be_told_where_all_has_ended(admin: Any, user: Any) -> None:
    made = make(user)
    end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
    asked = {"action": "end_selected", "_selected_action": [made.token.pk]}
    html = admin.post(TOKENS, asked).content.decode()
    assert "All that was chosen has already ended." in html and "told by email" not in html


def test_filters(admin: Any, user: Any, robot: Any, time_machine: Any) -> None:
    make(user)
    make(user, "Assistant", agent="Assistant 3")
    make_service_account(user=robot, owner=user)
    make(robot, "Robot's")
    assert listed(admin, kind="personal") == {"Backup"}
    assert listed(admin, kind="agent") == {"Assistant"}
    assert listed(admin, kind="service") == {"Robot's"}
    assert listed(admin, kind="nonsense") == {"Backup", "Assistant", "Robot's"}
    end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
    assert listed(admin, state="valid") == {"Robot's"}
    assert listed(admin, state="ended") == {"Backup", "Assistant"}
    assert listed(admin, state="unused") == listed(admin, state="soon") == set()
    Session.objects.filter(user=robot).update(
        last_seen_at=timezone.now() - timedelta(days=91), expires_at=timezone.now() + timedelta(days=6)
    )
    assert listed(admin, state="unused") == listed(admin, state="soon") == {"Robot's"}


@pytest.mark.parametrize("by", ["user", "owner", "id", "hint"])
def test_search(admin: Any, user: Any, other_user: Any, robot: Any, by: str) -> None:
    make_service_account(user=robot, owner=user)
    made = make(robot, "Robot's")
    make(other_user)
    ways = {
        "user": robot.email,
        "owner": user.email,
        "id": made.token.session.public_id,
        "hint": made.token.hint,
    }
    assert listed(admin, q=ways[by]) == {"Robot's"}


def test_the_list_costs_a_fixed_number_of_statements(admin: Any, user: Any, robot: Any) -> None:
    make_service_account(user=robot, owner=user)
    counts = []
    for number in (1, 8):
        for _ in range(number):
            make(robot)
            make(user)
        admin.get(TOKENS)
        with CaptureQueriesContext(connection) as queries:
            admin.get(TOKENS)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_selected_ones_are_ended(admin: Any, administrator: Any, user: Any) -> None:
    made, other = make(user), make(user, "Assistant")
    chosen = {"action": "end_selected", "_selected_action": [made.token.pk]}
    assert "1 " in admin.post(TOKENS, chosen).content.decode()
    assert not Session.objects.filter(ended_at__isnull=False).exists()
    admin.post(TOKENS, {**chosen, "confirmed": "1", "note": "found in a repository"})
    session = Session.objects.get(pk=made.token.pk)
    assert (session.end_reason, session.ended_by_id) == ("administrator", administrator.pk)
    assert authenticate_token(other.value).user == user


def test_export(admin: Any, administrator: Any, user: Any, robot: Any) -> None:
    make_service_account(user=robot, owner=user)
    made = make(robot, '=HYPERLINK("x")')
    response = admin.post(TOKENS, {"action": "export_selected", "_selected_action": [made.token.pk]})
    lines = b"".join(response).decode().splitlines()
    assert lines[0] == (
        "token,account,owner,name,agent,scopes,made_at,last_used_at,expires_at,ended_at,end_reason"
    )
    assert lines[1].startswith(f"{made.token.session.public_id},{robot},{user},")
    assert "'=HYPERLINK" in lines[1]
    assert "no-store" in response["Cache-Control"]
    event = Event.objects.get(kind="exported")
    assert (event.actor_id, event.data) == (administrator.pk, {"what": "access tokens"})


@pytest.mark.parametrize("permission", ["view_accesstoken", "manage_tokens"])
def test_who_only_looks_ends_nothing(staff: Any, browser: Any, user: Any, permission: str) -> None:
    staff.user_permissions.add(Permission.objects.get(codename=permission))
    client = browser()
    client.force_login(staff)
    made = make(user)
    assert client.get(TOKENS).status_code == 200
    act = {"action": "end_selected", "_selected_action": [made.token.pk], "confirmed": "1", "note": "x"}
    client.post(TOKENS, act)
    assert (Session.objects.get(pk=made.token.pk).ended_at is not None) == (permission == "manage_tokens")
