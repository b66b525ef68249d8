"""What other packages have let in ends with everything of an account, for some reasons, and by no others."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui import context, deliver_all
from sessions_ui.actions.devices.not_me import report_not_me
from sessions_ui.actions.endings.changes.access import access_changed
from sessions_ui.actions.endings.end import end_session, end_sessions, end_user_sessions, sessions_of
from sessions_ui.actions.tokens.create import create_token
from sessions_ui.models.end_reason import ENDS_TOKENS
from tests.keys import Broken, Elsewhere, Keys, Refused, bridged, keys_of, make_keys
from tests.models import Act, Delivery, EndReason, Event, Session
from tests.statements import gist

pytestmark = pytest.mark.django_db

ENDED = Event.Kind.CREDENTIALS_ENDED


@pytest.fixture
def other(other_user: Any) -> Any:
    """Somebody whose keys nobody ends."""
    make_keys(other_user)
    return other_user


@pytest.fixture(autouse=True)
def _broken() -> Any:
    Broken.is_broken, Elsewhere.alias = True, "elsewhere"
    yield
    Broken.is_broken, Elsewhere.alias = True, "elsewhere"


@pytest.mark.parametrize("reason", EndReason)
def test_exactly_the_reasons_that_end_tokens_end_keys(
    reason: EndReason, user: Any, other: Any, settings: Any
) -> None:
    bridged(settings, Keys)
    make_keys(user)
    end_user_sessions(user=user, reason=reason)
    assert (keys_of(user), keys_of(other)) == (0 if reason in ENDS_TOKENS else 1, 1)


def test_what_ends_tokens_is_what_is_about_the_whole_account() -> None:
    assert {
        EndReason.PASSWORD_RESET,
        EndReason.NOT_ME,
        EndReason.ACCOUNT_DISABLED,
        EndReason.ACCOUNT_DELETED,
        EndReason.OFFBOARDED,
        EndReason.ACCESS_CHANGED,
        EndReason.INCIDENT,
        EndReason.HELP_DESK,
        EndReason.ADMINISTRATOR,
    } == ENDS_TOKENS


def test_one_act_ends_sessions_and_keys_and_says_how_many(user: Any, browser: Any, settings: Any) -> None:
    bridged(settings, Keys)
    browser().force_login(user)
    make_keys(user, 3)
    receipt = end_user_sessions(user=user, reason=EndReason.HELP_DESK, actor=user, ticket="INC-7")
    assert (receipt.ended, receipt.bridged) == (1, 3)
    event = Event.objects.get(kind=ENDED)
    assert (event.act, event.user_id, event.actor_id, event.reason, event.ticket) == (
        receipt.act,
        user.pk,
        user.pk,
        "help_desk",
        "INC-7",
    )
    assert event.data == {"package": "keys", "count": 3}


def test_without_a_session_the_keys_end_and_the_act_is_kept(user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user)
    receipt = end_user_sessions(user=user, reason=EndReason.ACCOUNT_DISABLED)
    assert (receipt.ended, receipt.bridged, bool(receipt)) == (0, 1, False)
    assert receipt.act == Act.objects.get() == Event.objects.get(kind=ENDED).act
    assert not Delivery.objects.exists()


def test_a_second_time_there_is_nothing_to_say(user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user)
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    assert end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR).act is None
    assert Event.objects.filter(kind=ENDED).count() == 1


def test_one_session_ends_no_key(user: Any, browser: Any, settings: Any) -> None:
    bridged(settings, Keys)
    browser().force_login(user)
    make_keys(user)
    end_session(session=Session.objects.get(), reason=EndReason.ADMINISTRATOR)
    assert keys_of(user) == 1


def test_a_report_of_a_sign_in_ends_the_keys_of_the_account(user: Any, browser: Any, settings: Any) -> None:
    bridged(settings, Keys)
    browser().force_login(user)
    make_keys(user)
    report_not_me(session=Session.objects.get(), actor=user)
    assert keys_of(user) == 0


def test_a_reset_of_the_password_ends_them(user: Any, other: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user)
    user.set_password("whatever it becomes")
    token = context.begin(context.Acting(resets_password=lambda: True))
    try:
        user.save()
    finally:
        context.finish(token)
    assert (keys_of(user), keys_of(other)) == (0, 1)
    assert Event.objects.get(kind=ENDED).reason == EndReason.PASSWORD_RESET


def test_a_new_password_of_ones_own_leaves_them(user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user)
    user.set_password("whatever it becomes")
    token = context.begin(
        context.Acting(SimpleNamespace(session_id=None, user_id=user.pk, impersonator_id=None))
    )
    try:
        user.save()
    finally:
        context.finish(token)
    assert keys_of(user) == 1


def test_a_password_that_a_command_sets_ends_them_as_it_ends_tokens(
    user: Any, other: Any, settings: Any
) -> None:
    bridged(settings, Keys)
    make_keys(user)
    user.set_password("whatever it becomes")
    user.save()
    assert (keys_of(user), keys_of(other)) == (0, 1)
    assert Event.objects.get(kind=ENDED).reason == EndReason.PASSWORD_CHANGED


@pytest.mark.parametrize("said", [None, True, False])
@pytest.mark.parametrize("reason", EndReason)
def test_tokens_of_ours_and_keys_of_others_have_the_same_fate(
    reason: EndReason, said: bool | None, user: Any, other: Any, settings: Any
) -> None:
    bridged(settings, Keys)
    make_keys(user)
    ends_at = timezone.now() + timedelta(days=30)
    made = create_token(user=user, name="Backup", scopes=["sessions:read"], expires_at=ends_at)
    end_user_sessions(user=user, reason=reason, tokens=said)
    lives = Session.objects.filter(pk=made.token.pk, ended_at=None).exists()
    assert (keys_of(user) == 1, keys_of(other)) == (lives, 1)
    assert lives is (reason not in ENDS_TOKENS if said is None else not said)


def test_rights_that_many_lose_end_their_keys_in_as_many_statements_as_those_of_one(
    other: Any, settings: Any
) -> None:
    bridged(settings, Keys)
    users = get_user_model().objects
    people = [users.create_user(email=f"p{number}@example.org", password="x") for number in range(3)]
    for person in people:
        make_keys(person, 2)
    of_one = users.filter(pk=people[0].pk)
    of_two = users.filter(pk__in=[people[1].pk, people[2].pk])
    with CaptureQueriesContext(connection) as one:
        access_changed(users=of_one)
    with CaptureQueriesContext(connection) as two:
        access_changed(users=of_two)
    assert len(gist(one)) == len(gist(two))
    assert (sum(map(keys_of, people)), keys_of(other)) == (0, 1)
    assert sorted(Event.objects.filter(kind=ENDED).values_list("user_id", flat=True)) == sorted(
        person.pk for person in people
    )


def test_rights_that_some_of_the_sessions_lose_end_no_key(user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user)
    access_changed(users=get_user_model().objects.filter(pk=user.pk), only=Q(method=""))
    assert keys_of(user) == 1


@pytest.mark.parametrize("bridge", [Broken, Refused])
def test_a_bridge_that_raises_keeps_no_session_and_no_other_key_from_ending(
    bridge: type, user: Any, browser: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    bridged(settings, bridge, Keys)
    browser().force_login(user)
    make_keys(user)
    receipt = end_user_sessions(user=user, reason=EndReason.ACCOUNT_DISABLED)
    assert (receipt.ended, receipt.bridged) == (1, 1)
    delivery = Delivery.objects.get(channel="bridge")
    assert (delivery.act, delivery.user_id, delivery.receiver) == (receipt.act, user.pk, bridge.name)
    assert "the secret" not in caplog.text and bridge.name in caplog.text


def test_what_a_bridge_has_done_before_it_raised_is_taken_back(user: Any, settings: Any) -> None:
    bridged(settings, Broken)
    make_keys(user)
    end_user_sessions(user=user, reason=EndReason.ACCOUNT_DISABLED)
    assert keys_of(user) == 1 and not Event.objects.filter(kind=ENDED).exists()


def test_what_could_not_be_ended_is_ended_from_the_outbox(user: Any, other: Any, settings: Any) -> None:
    bridged(settings, Broken)
    make_keys(user)
    end_user_sessions(user=user, reason=EndReason.ACCOUNT_DISABLED, ticket="T-1")
    Broken.is_broken = False
    deliver_all()
    assert (keys_of(user), keys_of(other)) == (0, 1)
    event = Event.objects.get(kind=ENDED)
    assert (event.reason, event.ticket, event.data) == (
        "account_disabled",
        "T-1",
        {"package": "broken", "count": 1},
    )
    assert Delivery.objects.get(channel="bridge").done_at is not None


def test_what_fails_again_waits_and_says_why_without_its_text(user: Any, settings: Any) -> None:
    bridged(settings, Broken)
    make_keys(user)
    end_user_sessions(user=user, reason=EndReason.ACCOUNT_DISABLED)
    deliver_all()
    delivery = Delivery.objects.get(channel="bridge")
    assert (delivery.attempts, delivery.done_at, delivery.error) == (1, None, "RuntimeError")
    assert keys_of(user) == 1


def test_what_is_given_up_is_in_the_history(user: Any, settings: Any) -> None:
    bridged(settings, Broken)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "DELIVERY_RETRIES": ()}
    make_keys(user)
    end_user_sessions(user=user, reason=EndReason.ACCOUNT_DISABLED)
    deliver_all()
    assert Delivery.objects.get(channel="bridge").parked_at is not None
    assert Event.objects.get(kind=Event.Kind.DELIVERY_FAILED).data == {"channel": "bridge"}


def test_a_bridge_that_was_switched_off_meanwhile_is_given_up(user: Any, settings: Any) -> None:
    bridged(settings, Broken)
    end_user_sessions(user=user, reason=EndReason.ACCOUNT_DISABLED)
    bridged(settings)
    deliver_all()
    assert Delivery.objects.get(channel="bridge").parked_at is not None


def test_rows_of_another_database_end_from_the_outbox_and_are_not_asked_for_before(
    user: Any, other: Any, browser: Any, settings: Any
) -> None:
    bridged(settings, Elsewhere)
    browser().force_login(user)
    make_keys(user)
    receipt = end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
    assert (receipt.ended, receipt.bridged, keys_of(user)) == (1, 0, 1)
    Elsewhere.alias = "default"
    deliver_all()
    assert (keys_of(user), keys_of(other)) == (0, 1)


def test_what_was_made_since_the_decision_stays(user: Any, settings: Any) -> None:
    bridged(settings, Elsewhere)
    make_keys(user)
    end_user_sessions(user=user, reason=EndReason.PASSWORD_RESET)
    make_keys(user)
    Elsewhere.alias = "default"
    deliver_all()
    assert keys_of(user) == 1


def test_without_a_bridge_an_ending_costs_no_statement_more(user: Any, settings: Any) -> None:
    bridged(settings)
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE)  # makes the account's state
    with CaptureQueriesContext(connection) as without:
        end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE)
    with CaptureQueriesContext(connection) as having:
        end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    assert gist(having) == gist(without)


def test_the_mail_says_that_apps_and_keys_ended_too(
    user: Any, browser: Any, settings: Any, mailoutbox: list[Any]
) -> None:
    bridged(settings, Keys)
    browser().force_login(user)
    make_keys(user, 2)
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    deliver_all()
    (mail,) = mailoutbox
    assert "2 apps and keys that could act for you" in mail.body


def test_another_selection_of_sessions_ends_keys_only_where_it_says_so(user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user)
    users = get_user_model().objects.filter(pk=user.pk)
    end_sessions(sessions=sessions_of(users), reason=EndReason.INCIDENT, of_users=users)
    assert keys_of(user) == 1
    end_sessions(sessions=sessions_of(users), reason=EndReason.INCIDENT, of_users=users, whole_accounts=True)
    assert keys_of(user) == 0
