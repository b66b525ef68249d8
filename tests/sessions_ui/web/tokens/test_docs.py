"""docs/tokens.md says what is so."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

import sessions_ui
from sessions_ui.actions.endings.end import end_sessions, end_user_sessions
from sessions_ui.actions.endings.offboard import offboard
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.tokens import by_program
from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.actions.tokens.create import NewToken, create_token
from sessions_ui.actions.tokens.leaked import report_leaked
from sessions_ui.actions.tokens.revoke import revoke_token
from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.conf.tokens import OWN_SCOPES
from sessions_ui.exceptions import BearerRefused
from sessions_ui.models.end_reason import ENDS_TOKENS
from sessions_ui.token_value import TokenKind, is_well_formed, new_value
from tests.accounts.test_password import NEW_PASSWORD
from tests.conftest import PASSWORD
from tests.models import EndReason, Session
from tests.sessions_ui.web.tokens.conftest import Make

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).resolve().parents[4] / "docs" / "tokens.md"
TEXT = DOCS.read_text()
# What ends one session or token, never all of an account's; or refuses sign-ins only.
NOT_OF_ACCOUNTS = {
    EndReason.SIGNED_OUT,
    EndReason.SIGNED_OUT_REMOTELY,
    EndReason.SUPERSEDED,
    EndReason.IDLE_TIMEOUT,
    EndReason.ABSOLUTE_TIMEOUT,
    EndReason.EXPIRED,
    EndReason.UNUSED,
    EndReason.SESSION_LIMIT,
    EndReason.OWNER_ENDED,
    EndReason.PASSWORD_REQUIRED,
    EndReason.RECOVERING,
    EndReason.SERVICE_ACCOUNT,
    EndReason.LEAKED,
    EndReason.API,
}


def test_the_table_of_what_ends_tokens_is_that_of_the_code() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|[^|]+\| (end|stay)\b", TEXT, re.MULTILINE))
    assert {reason for reason, fate in rows.items() if fate == "end"} == {str(each) for each in ENDS_TOKENS}
    assert {*rows} == {str(each) for each in {*EndReason} - NOT_OF_ACCOUNTS}


@pytest.mark.parametrize("kind", list(TokenKind))
def test_the_pattern_for_scanners_finds_every_token(kind: TokenKind) -> None:
    [pattern] = re.findall(r"```text\n(.+)\n```", TEXT)
    assert re.fullmatch(pattern, new_value(kind))


def test_the_checksum_of_the_docs_is_that_of_the_code() -> None:
    [code] = re.findall(r"```python\n((?:(?!```).)+?def has_right_checksum.+?)```", TEXT, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    check = names["has_right_checksum"]
    assert callable(check)
    value = new_value(TokenKind.PERSONAL)
    wrong = value[:-1] + ("a" if value[-1] != "a" else "b")
    assert [check(value), check(wrong)] == [is_well_formed(value), is_well_formed(wrong)] == [True, False]


def by_button(made: NewToken, user: Any, other: Any, clock: Any) -> None:
    rows = Session.objects.filter(pk=made.token.pk)
    end_sessions(sessions=rows, reason=EndReason.SIGNED_OUT_REMOTELY, actor=user, of_user=user.pk)


def by_its_time(made: NewToken, user: Any, other: Any, clock: Any) -> None:
    Session.objects.filter(pk=made.token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    end_unlawful()


def by_a_report(made: NewToken, user: Any, other: Any, clock: Any) -> None:
    report_leaked(value=made.value)


def by_itself(made: NewToken, user: Any, other: Any, clock: Any) -> None:
    own = authenticate_token(made.value)
    revoke_token(bearer=own, by=own)


def by_another_token(made: NewToken, user: Any, other: Any, clock: Any) -> None:
    another = create_token(
        user=user, name="x", scopes=["sessions:read"], expires_at=timezone.now() + timedelta(days=1)
    )
    revoke_token(bearer=authenticate_token(made.value), by=authenticate_token(another.value))


def with_its_owner(made: NewToken, user: Any, other: Any, clock: Any) -> None:
    make_service_account(user=user, owner=other)
    end_user_sessions(user=other, reason=EndReason.ACCOUNT_DISABLED)


def at_the_date_agreed_with_its_owner(made: NewToken, user: Any, other: Any, clock: Any) -> None:
    make_service_account(user=user, owner=other)
    offboard(user=other, ends_at=timezone.now() + timedelta(hours=1))
    clock.move_to(timezone.now() + timedelta(hours=2), tick=False)


WAYS = {
    "signed_out_remotely": by_button,
    "expired": by_its_time,
    "leaked": by_a_report,
    "signed_out": by_itself,
    "api": by_another_token,
    "owner_ended": with_its_owner,
    "offboarded": at_the_date_agreed_with_its_owner,
}


def test_what_ends_a_single_token_is_named() -> None:
    [said] = re.findall(r"(?s)^A single token ends by(.+?)\.\s", TEXT, re.MULTILINE)
    assert {*re.findall(r"`(\w+)`", said)} == {*WAYS}


@pytest.mark.parametrize("reason", WAYS)
def test_and_each_of_these_ends_one_for_that_reason(
    reason: str, user: Any, other_user: Any, make_token: Make, time_machine: Any
) -> None:
    made = make_token(user)
    WAYS[reason](made, user, other_user, time_machine)
    with pytest.raises(BearerRefused) as refused:
        authenticate_token(made.value)
    assert refused.value.reason == reason


def test_whose_password_change_ends_tokens_is_said_and_so(user: Any, make_token: Make, here: Any) -> None:
    [said] = re.findall(r"^\| `password_changed` \|[^|]+\|([^|]+)\|$", TEXT, re.MULTILINE)
    assert "stay; they end where somebody else sets it" in said
    made = make_token(user)
    passwords = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert here.post(reverse("account_change_password"), passwords).status_code == 302
    assert Session.objects.get(pk=made.token.pk).end_reason == ""
    user.refresh_from_db()
    user.set_password("another battery")
    user.save()
    assert Session.objects.get(pk=made.token.pk).end_reason == "password_changed"


def test_the_app_itself_asks_for_each_of_its_scopes() -> None:
    room = Path(sessions_ui.__file__).parent / "api"
    trees = [ast.parse(path.read_text()) for path in room.rglob("*.py")]
    asked = {each.value for tree in trees for each in ast.walk(tree) if isinstance(each, ast.Constant)}
    asked.add(by_program.SCOPE)
    assert {*OWN_SCOPES} <= asked
