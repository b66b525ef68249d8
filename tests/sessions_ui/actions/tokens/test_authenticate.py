"""Whose token it is, and that one which is over answers nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings.end import end_session, end_user_sessions
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.actions.tokens.leaked import report_leaked
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.exceptions import BearerRefused, SessionEnded
from sessions_ui.models.end_reason import ENDS_TOKENS
from sessions_ui.token_value import checksum, is_well_formed
from tests.interleaving import just_before
from tests.models import AccessToken, EndReason, Event, Session

pytestmark = pytest.mark.django_db


def refusal_of(value: str) -> str:
    with pytest.raises(BearerRefused) as refused:
        authenticate_token(value)
    assert refused.value.error == "invalid_token"
    return str(refused.value.reason)


def test_one_statement_and_none_for_what_is_no_token(user: Any, make_token: Any) -> None:
    made = make_token(user)
    authenticate_token(made.value)
    with CaptureQueriesContext(connection) as queries:
        authenticate_token(made.value)
    assert len(queries) == 1
    typed_wrongly = made.value[:-7] + ("A" if made.value[-7] != "A" else "B") + made.value[-6:]
    with CaptureQueriesContext(connection) as queries:
        for value in ("", "sui_pat_", typed_wrongly, made.value + "0", "\x00", "ü" * 60):
            refusal_of(value)
    assert len(queries) == 0


def test_what_it_is_refused_for_may_be_over_a_moment_later(user: Any, make_token: Any) -> None:
    made = make_token(user)
    account = type(user).objects.filter(pk=user.pk)
    account.update(is_active=False)
    with just_before("SELECT .accounts_user.", lambda: account.update(is_active=True)):
        assert authenticate_token(made.value).user == user
    assert Session.objects.get(pk=made.token.pk).ended_at is None


def test_what_nobody_has_given_out_is_no_token(user: Any) -> None:
    body = "sui_pat_" + "a" * 40
    assert is_well_formed(body + checksum(body))
    assert refusal_of(body + checksum(body)) == ""


@pytest.mark.parametrize("reason", list(EndReason))
def test_ending_all_of_an_account_ends_its_tokens_where_trust_is_over(
    user: Any, make_token: Any, reason: EndReason
) -> None:
    made = make_token(user)
    end_user_sessions(user=user, reason=reason)
    if reason in ENDS_TOKENS:
        assert refusal_of(made.value) == reason
    else:
        assert authenticate_token(made.value).user == user


def test_which_reasons_end_tokens() -> None:
    assert {str(reason) for reason in ENDS_TOKENS} == {
        "password_reset",
        "access_changed",
        "account_disabled",
        "account_deleted",
        "offboarded",
        "not_me",
        "help_desk",
        "administrator",
        "incident",
    }


@pytest.mark.parametrize("tokens", [True, False])
def test_a_caller_may_say_whether_tokens_end(user: Any, make_token: Any, tokens: bool) -> None:
    made = make_token(user)
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, tokens=tokens)
    assert (Session.objects.get(pk=made.token.pk).ended_at is not None) == tokens


def test_a_password_that_somebody_else_has_set_ends_it(user: Any, make_token: Any) -> None:
    """An administrator, or a command: somebody may have to be shut out."""
    made = make_token(user)
    user.set_password("another battery")
    user.save()
    assert refusal_of(made.value) == "password_changed"


def test_a_password_of_which_no_signal_tells_leaves_a_token(user: Any, make_token: Any) -> None:
    made = make_token(user)
    type(user).objects.filter(pk=user.pk).update(password="raw")
    end_unlawful()
    assert authenticate_token(made.value).user == user


@pytest.mark.no_bystander("time-outs are everybody's")
@pytest.mark.parametrize("setting", ["IDLE_TIMEOUT", "ABSOLUTE_TIMEOUT"])
@pytest.mark.parametrize("by_user", [False, True])
def test_time_outs_of_sessions_leave_a_token(
    user: Any, make_token: Any, settings: Any, time_machine: Any, setting: str, by_user: bool
) -> None:
    hour: Any = timedelta(hours=1)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, setting: (lambda _user: hour) if by_user else hour}
    made = make_token(user)
    time_machine.move_to(timezone.now() + timedelta(days=2), tick=False)
    end_unlawful()
    assert authenticate_token(made.value).user == user


def test_a_token_ends_at_its_end(user: Any, make_token: Any, time_machine: Any) -> None:
    made = make_token(user, expires_at=timezone.now() + timedelta(hours=1))
    time_machine.move_to(timezone.now() + timedelta(hours=1), tick=False)
    assert refusal_of(made.value) == "expired"
    session = Session.objects.get(pk=made.token.pk)
    assert (session.end_reason, session.refused_at is not None) == ("expired", True)


def test_the_sweep_ends_it_as_well(user: Any, make_token: Any, time_machine: Any) -> None:
    made = make_token(user, expires_at=timezone.now() + timedelta(hours=1))
    time_machine.move_to(timezone.now() + timedelta(hours=2), tick=False)
    assert end_unlawful() == 1
    assert Session.objects.get(pk=made.token.pk).end_reason == "expired"


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"is_active": False}, "account_disabled"), ({"is_staff": False}, "access_changed")],
)
def test_what_no_signal_told_of_ends_it(user: Any, make_token: Any, change: Any, reason: str) -> None:
    type(user).objects.filter(pk=user.pk).update(is_staff=True)
    user.refresh_from_db()
    made = make_token(user)
    type(user).objects.filter(pk=user.pk).update(**change)
    end_unlawful()
    assert refusal_of(made.value) == reason


def test_a_disabled_user_is_refused_at_once(user: Any, make_token: Any) -> None:
    made = make_token(user)
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    assert refusal_of(made.value) == "account_disabled"


def test_a_user_removed_by_raw_sql_is_refused(user: Any, make_token: Any) -> None:
    somebody = type(user).objects.create_user(email="gone@people.example")
    made = make_token(somebody)
    type(user).objects.filter(pk=somebody.pk)._raw_delete("default")
    assert refusal_of(made.value) == "account_deleted"


def test_one_that_the_trigger_has_marked_is_refused(user: Any, make_token: Any) -> None:
    """docs/production.md: the account was off for a moment."""
    made = make_token(user)
    Session.objects.filter(pk=made.token.pk).update(auth_hash="!")
    assert refusal_of(made.value) == "account_disabled"


def test_the_first_refusal_is_recorded(user: Any, make_token: Any) -> None:
    made = make_token(user)
    end_session(session=made.token.session, reason=EndReason.SIGNED_OUT_REMOTELY)
    refusal_of(made.value)
    first = Session.objects.get(pk=made.token.pk).refused_at
    assert first is not None
    refusal_of(made.value)
    assert Session.objects.get(pk=made.token.pk).refused_at == first


def test_a_rotated_value_is_valid_for_the_overlap(user: Any, make_token: Any, time_machine: Any) -> None:
    made = make_token(user)
    rotated = rotate_token(token=made.token)
    assert rotated.token.pk == made.token.pk
    assert authenticate_token(rotated.value).is_former is False
    assert authenticate_token(made.value).is_former is True
    time_machine.move_to(timezone.now() + timedelta(hours=24), tick=False)
    assert refusal_of(made.value) == ""
    assert authenticate_token(rotated.value).user == user


def test_of_two_rotations_the_first_value_is_over(user: Any, make_token: Any) -> None:
    made = make_token(user)
    second = rotate_token(token=made.token)
    third = rotate_token(token=second.token)
    refusal_of(made.value)
    assert authenticate_token(second.value).is_former is True
    assert authenticate_token(third.value).is_former is False


def test_one_end_for_both_values(user: Any, make_token: Any) -> None:
    made = make_token(user)
    rotated = rotate_token(token=made.token)
    end_session(session=made.token.session, reason=EndReason.SIGNED_OUT_REMOTELY)
    assert refusal_of(made.value) == refusal_of(rotated.value) == "signed_out_remotely"


def test_a_token_that_is_over_is_not_rotated(user: Any, make_token: Any) -> None:
    made = make_token(user)
    end_session(session=made.token.session, reason=EndReason.SIGNED_OUT_REMOTELY)
    with pytest.raises(SessionEnded) as refused:
        rotate_token(token=made.token)
    assert refused.value.reason == "signed_out_remotely"


def test_one_that_was_purged_meanwhile_is_not_rotated(user: Any, make_token: Any) -> None:
    made = make_token(user)
    AccessToken.objects.filter(pk=made.token.pk).delete()
    Session.objects.filter(pk=made.token.pk).delete()
    with pytest.raises(SessionEnded) as refused:
        rotate_token(token=made.token)
    assert refused.value.reason == ""


def test_what_a_new_value_changes_on_the_row(user: Any, make_token: Any, time_machine: Any) -> None:
    made = make_token(user)
    past = timezone.now() - timedelta(days=1)
    AccessToken.objects.filter(pk=made.token.pk).update(former_used_at=past, warned_at=past)
    now = timezone.now() + timedelta(hours=1)
    time_machine.move_to(now, tick=False)
    rotated = rotate_token(token=made.token)
    token, session = rotated.token, rotated.token.session
    assert (token.former_used_at, token.warned_at) == (None, None)
    assert token.overlap_ends_at == now + timedelta(hours=24)
    assert token.hint != made.token.hint and token.hint in rotated.value
    assert (session.rotated_at, session.expires_at) == (now, made.token.session.expires_at)
    event = Event.objects.filter(kind=Event.Kind.CREDENTIAL_CHANGED).latest("pk")
    assert (event.data["change"], event.session_id, event.detail.text) == ("changed", token.pk, "Backup")


def test_rotating_may_give_another_end(user: Any, make_token: Any) -> None:
    made = make_token(user)
    ends_at = timezone.now() + timedelta(days=90)
    assert rotate_token(token=made.token, expires_at=ends_at).token.session.expires_at == ends_at


def test_rotating_keeps_the_end_that_is_agreed(user: Any, make_token: Any) -> None:
    made = make_token(user)
    before = Session.objects.get(pk=made.token.pk).expires_at
    Session.objects.filter(pk=made.token.pk).update(latest_end_at=before)
    rotate_token(token=made.token, expires_at=before + timedelta(days=30))
    assert Session.objects.get(pk=made.token.pk).expires_at == before


@pytest.mark.parametrize("which", ["current", "former"])
def test_a_leaked_value_ends_its_token(user: Any, make_token: Any, which: str) -> None:
    made = make_token(user)
    rotated = rotate_token(token=made.token)
    other = make_token(user, name="Other")
    receipt = report_leaked(value=made.value if which == "former" else f" {rotated.value}\n", where="a gist")
    assert receipt.ended == 1
    assert receipt.act is not None
    assert (receipt.act.reason, receipt.act.note) == ("leaked", "a gist")
    assert refusal_of(rotated.value) == "leaked"
    assert authenticate_token(other.value).user == user


def test_a_value_that_was_rotated_away_long_ago_ends_nothing(
    user: Any, make_token: Any, time_machine: Any
) -> None:
    made = make_token(user)
    rotated = rotate_token(token=made.token)
    time_machine.move_to(timezone.now() + timedelta(hours=25), tick=False)
    assert report_leaked(value=made.value).ended == 0
    assert authenticate_token(rotated.value).user == user


def test_a_value_that_is_not_valid_any_more_since_this_moment_ends_nothing(
    user: Any, make_token: Any, time_machine: Any
) -> None:
    made = make_token(user)
    rotated = rotate_token(token=made.token)
    time_machine.move_to(rotated.token.overlap_ends_at, tick=False)
    assert report_leaked(value=made.value).ended == 0


def test_where_it_was_found_is_cut_to_what_its_column_holds(user: Any, make_token: Any) -> None:
    made = make_token(user)
    receipt = report_leaked(value=made.value, where="x" * 256, actor=user)
    assert receipt.act is not None
    assert (receipt.act.note, receipt.act.actor_id) == ("x" * 255, user.pk)


@pytest.mark.parametrize("value", ["", "sui_pat_", "x" * 10_000, "sui_pat_" + "a" * 46])
def test_what_is_no_token_ends_nothing(user: Any, make_token: Any, value: str) -> None:
    made = make_token(user)
    assert report_leaked(value=value).ended == 0
    assert authenticate_token(made.value).user == user


@pytest.mark.no_bystander("the purge is of everybody")
def test_a_purged_token_leaves_nothing(user: Any, make_token: Any, time_machine: Any) -> None:
    made = make_token(user)
    end_session(session=made.token.session, reason=EndReason.SIGNED_OUT_REMOTELY)
    time_machine.move_to(timezone.now() + timedelta(days=181), tick=False)
    purge_old()
    assert not AccessToken.objects.filter(pk=made.token.pk).exists()
    assert not Event.objects.filter(session_id=made.token.pk).exists()
    refusal_of(made.value)
