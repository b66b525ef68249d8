"""Making an access token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.endings.offboard import offboard
from sessions_ui.actions.recovery.open import open_recovery
from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.exceptions import SignInRefused, TokenRefusal, TokenRefused
from sessions_ui.models import digest_of
from sessions_ui.models.fields import new_public_id
from sessions_ui.token_value import TokenKind, is_well_formed
from tests.models import AccessToken, Delivery, Event, Recovery, ServiceAccount, Session

pytestmark = pytest.mark.django_db
MONTH = timedelta(days=30)


def test_a_token_is_a_session_of_its_own_kind(user: Any, make_token: Any) -> None:
    made = make_token(
        user, name="  Nightly   backup ", scopes=["sessions:end", "sessions:read", "sessions:end"]
    )
    session = made.token.session
    assert (session.kind, session.user_id, session.device_id) == (Session.Kind.TOKEN, user.pk, None)
    assert (session.auth_hash, session.payload, session.ended_at) == ("", "", None)
    assert session.expires_at - session.signed_in_at == pytest.approx(MONTH, abs=timedelta(minutes=1))
    assert (made.token.name, made.token.scope_names) == ("Nightly backup", ["sessions:end", "sessions:read"])
    assert made.token.last_used_at is None


def test_the_value_is_stored_nowhere(user: Any, make_token: Any) -> None:
    made = make_token(user)
    assert made.value.startswith("sui_pat_")
    assert is_well_formed(made.value)
    assert made.token.session.digest == digest_of(made.value, "token")
    assert made.value not in repr(made)
    for model in (Session, AccessToken, Event, Delivery):
        assert made.value not in str(list(model.objects.values()))


@pytest.mark.parametrize(
    ("said", "prefix"),
    [({}, "sui_pat_"), ({"agent": "Assistant"}, "sui_agt_")],
)
def test_the_value_says_what_the_token_is_for(user: Any, make_token: Any, said: Any, prefix: str) -> None:
    assert make_token(user, **said).value.startswith(prefix)


def test_the_value_of_a_service_account_says_so(user: Any, other_user: Any, make_token: Any) -> None:
    ServiceAccount.objects.create(user=user, owner_id=other_user.pk)
    assert make_token(user).value.startswith(f"sui_{TokenKind.SERVICE}_")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"name": "  "}, TokenRefusal.NO_NAME),
        ({"scopes": []}, TokenRefusal.NO_SCOPE),
        ({"scopes": ["sessions:read", "everything"]}, TokenRefusal.UNKNOWN_SCOPE),
    ],
)
def test_what_is_missing_makes_no_token(user: Any, make_token: Any, said: Any, reason: str) -> None:
    with pytest.raises(TokenRefused) as refused:
        make_token(user, **said)
    assert refused.value.reason == reason
    assert not AccessToken.objects.filter(session__user=user).exists()


@pytest.mark.control("NHI7:2025")
@pytest.mark.parametrize(
    ("ends_in", "reason"),
    [
        (timedelta(0), TokenRefusal.IN_THE_PAST),
        (timedelta(days=-1), TokenRefusal.IN_THE_PAST),
        (timedelta(days=367), TokenRefusal.TOO_LONG),
    ],
)
def test_a_token_ends_after_now_and_within_a_year(
    user: Any, make_token: Any, ends_in: timedelta, reason: str
) -> None:
    with pytest.raises(TokenRefused) as refused:
        make_token(user, expires_at=timezone.now() + ends_in)
    assert refused.value.reason == reason


def test_a_setting_caps_its_life(user: Any, make_token: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TOKEN_MAX_AGE": timedelta(days=7)}
    make_token(user, expires_at=timezone.now() + timedelta(days=6))
    with pytest.raises(TokenRefused):
        make_token(user, expires_at=timezone.now() + timedelta(days=8))


@pytest.mark.parametrize(
    ("ends_in", "reason"),
    [
        (timedelta(0), TokenRefusal.IN_THE_PAST),
        (timedelta(microseconds=1), None),
        (timedelta(days=7), None),
        (timedelta(days=7, microseconds=1), TokenRefusal.TOO_LONG),
    ],
)
def test_the_first_and_the_last_moment_at_which_a_token_may_end(
    user: Any, make_token: Any, settings: Any, time_machine: Any, ends_in: timedelta, reason: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TOKEN_MAX_AGE": timedelta(days=7)}
    time_machine.move_to(timezone.now(), tick=False)
    ends_at = timezone.now() + ends_in
    if reason is None:
        assert make_token(user, expires_at=ends_at).token.session.expires_at == ends_at
    else:
        with pytest.raises(TokenRefused) as refused:
            make_token(user, expires_at=ends_at)
        assert refused.value.reason == reason


def test_a_site_may_leave_the_life_of_a_token_open(user: Any, make_token: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TOKEN_MAX_AGE": None, "TOKEN_LIMIT": None}
    ends_at = timezone.now() + timedelta(days=4000)
    assert make_token(user, expires_at=ends_at).token.session.expires_at == ends_at


def test_a_name_and_an_agent_are_cut_to_what_their_columns_hold(user: Any, make_token: Any) -> None:
    made = make_token(user, name="n" * 101, agent=f"  {'a' * 101}")
    assert (made.token.name, made.token.agent) == ("n" * 100, "a" * 100)


def test_a_name_and_an_agent_look_as_they_are(user: Any, make_token: Any) -> None:
    odd = "\u202ecod\u200b \x07 exe\ud800\n"
    made = make_token(user, name=odd, agent=odd)
    assert (made.token.name, made.token.agent) == ("cod exe", "cod exe")
    for name in ("\u202e", "\u200b\x07", " \u2066 "):
        with pytest.raises(TokenRefused) as refused:
            make_token(user, name=name)
        assert refused.value.reason is TokenRefusal.NO_NAME


def test_tokens_of_somebody_else_do_not_count(
    user: Any, other_user: Any, make_token: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TOKEN_LIMIT": 1}
    make_token(other_user)
    make_token(user)


def test_the_row_says_when_by_whom_and_from_where_it_was_made(
    user: Any, other_user: Any, make_token: Any, time_machine: Any
) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    acting = context.begin(context.Acting(meta={"REMOTE_ADDR": "81.2.69.142", "HTTP_USER_AGENT": "Firefox"}))
    try:
        made = make_token(user, actor=other_user)
    finally:
        context.finish(acting)
    session, now = made.token.session, timezone.now()
    assert (session.created_at, session.signed_in_at, session.last_seen_at) == (now, now, now)
    assert (session.first_address, session.first_user_agent) == ("81.2.69.142", "Firefox")
    assert (made.token.made_by_id, made.token.made_in) == (other_user.pk, None)
    assert made.token.hint and made.token.hint in made.value
    by_a_command = make_token(user).token
    assert (by_a_command.session.first_address, by_a_command.session.first_user_agent) == (None, "")
    assert by_a_command.made_by_id is None


def test_a_form_makes_one_token(user: Any, make_token: Any) -> None:
    made = make_token(user, public_id=new_public_id())
    with pytest.raises(TokenRefused) as refused:
        make_token(user, public_id=made.token.session.public_id)
    assert refused.value.reason == TokenRefusal.MADE_BEFORE
    assert make_token(user).token.session.public_id != make_token(user).token.session.public_id


def test_an_account_that_is_gone_gets_none(user: Any, make_token: Any, django_user_model: Any) -> None:
    somebody = django_user_model.objects.create_user(email="gone@people.example")
    django_user_model.objects.filter(pk=somebody.pk)._raw_delete("default")
    with pytest.raises(SignInRefused) as refused:
        make_token(somebody)
    assert refused.value.reason == "account_deleted"


def test_an_account_has_no_more_than_the_limit(user: Any, make_token: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "TOKEN_LIMIT": 2}
    first = make_token(user)
    make_token(user)
    with pytest.raises(TokenRefused) as refused:
        make_token(user)
    assert refused.value.reason == TokenRefusal.TOO_MANY
    Session.objects.filter(pk=first.token.pk).update(ended_at=timezone.now(), end_reason="signed_out")
    make_token(user)


def test_a_moment_without_a_zone_is_no_end(user: Any, make_token: Any, settings: Any) -> None:
    settings.USE_TZ = True
    with pytest.raises(ValueError, match="time zone"):
        make_token(user, expires_at=timezone.now().replace(tzinfo=None) + MONTH)


def test_a_disabled_account_gets_none(user: Any, make_token: Any) -> None:
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    with pytest.raises(SignInRefused) as refused:
        make_token(user)
    assert refused.value.reason == "account_disabled"


def test_a_token_ends_with_the_access_of_its_account(user: Any, make_token: Any) -> None:
    leaves = timezone.now() + timedelta(days=3)
    offboard(user=user, ends_at=leaves)
    assert make_token(user).token.session.expires_at == leaves
    offboard(user=user, ends_at=timezone.now())
    with pytest.raises(SignInRefused):
        make_token(user)


def test_the_owner_is_told_of_a_new_token(user: Any, browser: Any, make_token: Any) -> None:
    browser().force_login(user)
    made = make_token(user)
    event = Event.objects.get(kind=Event.Kind.CREDENTIAL_CHANGED)
    assert (event.data["credential"], event.data["change"]) == ("token", "added")
    assert (event.user_id, event.session_id, event.detail.text) == (user.pk, made.token.pk, "Backup")
    assert Delivery.objects.filter(event=event, channel="mail", receiver=user.email).exists()


def test_a_recovery_ends_every_token_of_the_account(user: Any, make_token: Any) -> None:
    made = make_token(user)
    open_recovery(user=user, since=timezone.now() - MONTH, opened_by=Recovery.OpenedBy.MAIL)
    made.token.session.refresh_from_db()
    assert made.token.session.end_reason == "not_me"


def test_making_one_costs_a_fixed_number_of_statements(user: Any, make_token: Any) -> None:
    make_token(user)
    with CaptureQueriesContext(connection) as one:
        make_token(user)
    for _ in range(5):
        make_token(user)
    with CaptureQueriesContext(connection) as another:
        make_token(user)
    assert len(one) == len(another)


def test_a_new_token_answers_as_its_user(user: Any, make_token: Any) -> None:
    made = make_token(user)
    bearer = authenticate_token(made.value)
    assert (bearer.user, bearer.token.pk, bearer.is_former) == (user, made.token.pk, False)
