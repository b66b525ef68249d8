"""`manage.py sessions tokens` and `leaked`."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO, StringIO, TextIOWrapper
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session, end_user_sessions
from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.actions.tokens.create import NewToken, create_token
from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.exceptions import BearerRefused
from tests.models import EndReason, Session
from tests.operators import sessions

pytestmark = pytest.mark.django_db
EVERYBODY = pytest.mark.no_bystander("the list is of everybody")


def make(user: Any, name: str = "Backup", **said: Any) -> NewToken:
    ends = timezone.now() + timedelta(days=30)
    return create_token(user=user, name=name, scopes=["sessions:read"], expires_at=ends, **said)


@pytest.fixture
def robot(django_user_model: Any, user: Any) -> Any:
    robot = django_user_model.objects.create_user(email="robot@people.example")
    make_service_account(user=robot, owner=user)
    return robot


def names(*arguments: str) -> list[str]:
    return [record["name"] for record in sessions("tokens", "--json", *arguments).records]


def test_what_a_program_is_told(user: Any, robot: Any) -> None:
    made = make(robot, "Nightly")
    (record,) = sessions("tokens", "--user", robot.email, "--json").records
    assert record == {
        "token": made.token.session.public_id,
        "name": "Nightly",
        "user": str(robot.pk),
        "owner": str(user.pk),
        "is_service": True,
        "agent": "",
        "scopes": ["sessions:read"],
        "hint": made.token.hint,
        "made_at": record["made_at"],
        "last_used_at": None,
        "address": None,
        "expires_at": record["expires_at"],
        "state": "valid",
        "ended_at": None,
        "reason": "",
    }
    assert made.value not in sessions("tokens", "--json", "--all").out


def test_people_get_a_table(user: Any) -> None:
    make(user, agent="Assistant")
    ran = sessions("tokens", "--user", user.email)
    assert ran.lines[0].split() == [
        "token",
        "name",
        "user",
        "owner",
        "agent",
        "scopes",
        "made",
        "last",
        "used",
        "expires",
        "state",
    ]
    assert "Assistant" in ran.lines[1] and user.email in ran.lines[1]


def test_which_tokens(user: Any, other_user: Any, robot: Any) -> None:
    make(user, "Mine")
    make(robot, "Robot's")
    make(other_user, "Somebody else's")
    over = make(user, "Over")
    end_session(session=over.token.session, reason=EndReason.SIGNED_OUT_REMOTELY)
    assert names("--user", user.email) == ["Robot's", "Mine"]
    assert names("--user", user.email, "--all") == ["Over", "Robot's", "Mine"]
    assert names("--user", user.email, "--unused") == []
    Session.objects.filter(user=robot).update(last_seen_at=timezone.now() - timedelta(days=91))
    assert names("--user", user.email, "--unused") == ["Robot's"]
    assert names("--orphaned") == []


def test_for_which_nobody_answers(user: Any, robot: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SERVICE_ACCOUNTS_OF_LEAVERS": "flag"}
    make(robot, "Robot's")
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED)
    assert names("--orphaned") == ["Robot's"]


@EVERYBODY
def test_a_page_costs_a_fixed_number_of_statements(user: Any, robot: Any) -> None:
    counts = []
    for number in (1, 6):
        for _ in range(number):
            make(user)
            make(robot)
        with CaptureQueriesContext(connection) as queries:
            sessions("tokens", "--json")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_there_are_more_than_the_limit(user: Any) -> None:
    for _ in range(3):
        make(user)
    ran = sessions("tokens", "--user", user.email, "--limit", "2")
    assert (len(ran.lines), "There are more" in ran.err) == (3, True)


def test_an_unknown_account_is_an_error() -> None:
    ran = sessions("tokens", "--user", "nobody@people.example")
    assert (ran.code, ran.out) == (1, "")


# --- leaked


def typed(monkeypatch: Any, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("".join(f"{line}\n" for line in lines)))


def test_values_that_leaked_end(user: Any, other_user: Any, monkeypatch: Any) -> None:
    first, second, kept = make(user), make(other_user), make(user, "Kept")
    typed(monkeypatch, first.value, "", "sui_pat_nothing", f"  {second.value}  ", "x" * 100_000)
    ran = sessions("leaked", "--where", "a gist", "--actor", user.email, "--json")
    assert (ran.code, ran.json) == (0, {"read": 4, "ended": 2})
    for made in (first, second):
        with pytest.raises(BearerRefused):
            authenticate_token(made.value)
        assert made.value not in ran.out + ran.err
    session = Session.objects.get(pk=first.token.pk)
    assert session.act is not None
    assert (session.end_reason, session.ended_by_id, session.act.note) == ("leaked", user.pk, "a gist")
    assert authenticate_token(kept.value).user == user


def test_nothing_that_is_valid_has_an_exit_code_of_its_own(monkeypatch: Any) -> None:
    typed(monkeypatch, "sui_pat_nothing")
    ran = sessions("leaked")
    assert (ran.code, ran.out) == (3, "Lines read: 1. Tokens ended: 0\n")


def test_a_place_that_is_too_long_ends_nothing(user: Any, monkeypatch: Any) -> None:
    made = make(user)
    typed(monkeypatch, made.value)
    assert sessions("leaked", "--where", "x" * 256).code == 1
    assert authenticate_token(made.value).user == user


def test_a_token_within_a_line_ends_whatever_bytes_stand_around_it(
    user: Any, other_user: Any, monkeypatch: Any
) -> None:
    first, second, third = make(user), make(user), make(user)
    kept = make(other_user)
    lines = [
        b"caf\xe9 in a log of another encoding",
        f"config.py: TOKEN='{first.value}'".encode(),
        f"a={second.value}&b={third.value.replace('_', '%5f')}".encode(),
        b"x" * 100_000,
        f"{kept.value[:-1]}".encode(),
    ]
    strict = TextIOWrapper(BytesIO(b"\n".join(lines)), encoding="utf-8", errors="strict")
    monkeypatch.setattr("sys.stdin", strict)
    ran = sessions("leaked", "--json")
    assert (ran.code, ran.json) == (0, {"read": 5, "ended": 3})
    for made in (first, second, third):
        with pytest.raises(BearerRefused):
            authenticate_token(made.value)
    assert authenticate_token(kept.value).user == other_user
