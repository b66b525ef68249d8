"""Accounts that no person signs in to, and who answers for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actions.endings.offboard import cancel_offboarding, offboard
from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.actions.impersonation import begin_impersonation
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.actions.tokens.service_accounts import make_service_account, transfer_service_account
from sessions_ui.exceptions import BearerRefused, ImpersonationRefused, OwnerRefused, TokenRefused
from tests.conftest import PASSWORD
from tests.keys import Keys, bridged, keys_of, make_keys
from tests.models import EndReason, Event, ServiceAccount, Session

pytestmark = pytest.mark.django_db


@pytest.fixture
def robot(django_user_model: Any) -> Any:
    return django_user_model.objects.create_user(email="robot@people.example")


@pytest.fixture
def account(robot: Any, user: Any) -> ServiceAccount:
    return make_service_account(user=robot, owner=user, purpose="Nightly backup", actor=user)


def reason_of(value: str) -> str:
    with pytest.raises(BearerRefused) as refused:
        authenticate_token(value)
    return str(refused.value.reason)


@pytest.mark.control("NHI10:2025")
def test_nobody_signs_in_to_it(user: Any, other_user: Any, browser: Any) -> None:
    make_service_account(user=user, owner=other_user)
    user.set_password(PASSWORD)  # by a command, for instance
    user.save()
    sent = {"login": user.email, "password": PASSWORD}
    answer = browser().post("/account/login/", sent, follow=True)
    assert "it’s for programs only" in answer.content.decode()
    assert not Session.objects.filter(user=user).exists()


def test_who_is_signed_in_is_signed_out_and_its_tokens_stay(
    robot: Any, user: Any, browser: Any, make_token: Any
) -> None:
    browser().force_login(robot)
    made = make_token(robot)
    make_service_account(user=robot, owner=user)
    assert list(Session.objects.filter(user=robot, ended_at=None).values_list("pk", flat=True)) == [
        made.token.pk
    ]


def test_its_password_is_good_for_nothing_any_more(user: Any, other_user: Any, make_token: Any) -> None:
    """Other packages give out tokens for a password, and know of no service account."""
    made = make_token(user)
    before = other_user.password
    make_service_account(user=user, owner=other_user)
    user.refresh_from_db()
    other_user.refresh_from_db()
    assert not user.has_usable_password() and other_user.password == before
    assert authenticate(username=user.email, password=PASSWORD) is None
    assert authenticate_token(made.value).user == user
    assert not Event.objects.filter(user_id=user.pk, kind__contains="password").exists()


def test_what_other_packages_keep_for_it_stays_as_its_tokens_do(robot: Any, user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(robot)
    make_service_account(user=robot, owner=user)
    assert keys_of(robot) == 1


def test_its_making_is_an_event(robot: Any, user: Any, account: Any) -> None:
    event = Event.objects.get(kind="service_account")
    assert (event.user_id, event.actor_id) == (robot.pk, user.pk)
    assert event.data == {"step": "created", "owner": str(user.pk)}


def test_what_it_is_for_and_who_made_it_is_kept(robot: Any, user: Any, other_user: Any, account: Any) -> None:
    assert (account.owner_id, account.purpose, account.created_by_id) == (user.pk, "Nightly backup", user.pk)
    again = make_service_account(user=robot, owner=other_user, purpose="p" * 256, actor=other_user)
    assert (again.owner_id, again.purpose, again.created_by_id) == (other_user.pk, "p" * 255, user.pk)
    other = make_service_account(user=user, owner=other_user, purpose="p" * 256)
    assert (other.purpose, other.created_by_id) == ("p" * 255, None)


@pytest.mark.parametrize("who", ["itself", "disabled", "another service account"])
def test_only_a_person_who_may_sign_in_answers_for_it(
    robot: Any, user: Any, other_user: Any, who: str
) -> None:
    if who == "disabled":
        type(user).objects.filter(pk=user.pk).update(is_active=False)
    if who == "another service account":
        make_service_account(user=user, owner=other_user)
    with pytest.raises(OwnerRefused):
        make_service_account(user=robot, owner=robot if who == "itself" else user)
    assert not ServiceAccount.objects.filter(pk=robot.pk).exists()


@pytest.mark.control("NHI1:2025")
@pytest.mark.parametrize("has_session", [False, True])
@pytest.mark.parametrize("reason", ["offboarded", "account_disabled", "account_deleted"])
def test_its_tokens_end_with_the_access_of_its_owner(
    robot: Any, user: Any, account: Any, browser: Any, make_token: Any, reason: str, has_session: bool
) -> None:
    made = make_token(robot)
    if has_session:
        browser().force_login(user)
    receipt = end_user_sessions(user=user, reason=EndReason(reason), ticket="INC-1")
    assert receipt.ended == 1 + has_session
    assert reason_of(made.value) == "owner_ended"
    session = Session.objects.get(pk=made.token.pk)
    assert (session.act, receipt.act) == (receipt.act, session.act)
    assert Event.objects.filter(kind="ended", session=session, reason="owner_ended").count() == 1
    assert Event.objects.get(kind="service_account", data__step="orphaned").ticket == "INC-1"
    account.refresh_from_db()
    assert account.orphaned_at == session.ended_at


@pytest.mark.parametrize(
    "reason", [r for r in EndReason if r not in ("offboarded", "account_disabled", "account_deleted")]
)
def test_other_endings_of_its_owner_leave_it(
    robot: Any, user: Any, account: Any, make_token: Any, reason: EndReason
) -> None:
    made = make_token(robot)
    end_user_sessions(user=user, reason=reason)
    assert authenticate_token(made.value).user == robot


def test_or_they_are_flagged(robot: Any, user: Any, account: Any, make_token: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SERVICE_ACCOUNTS_OF_LEAVERS": "flag"}
    made = make_token(robot)
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED)
    assert authenticate_token(made.value).user == robot
    account.refresh_from_db()
    assert account.orphaned_at is not None


@pytest.mark.parametrize("how", ["disabled", "gone", "agreed date"])
def test_the_sweep_finds_owners_of_whom_nothing_told(
    robot: Any, other_user: Any, make_token: Any, django_user_model: Any, time_machine: Any, how: str
) -> None:
    owner = django_user_model.objects.create_user(email="owner@people.example")
    make_service_account(user=robot, owner=owner)
    made = make_token(robot)
    people = django_user_model.objects.filter(pk=owner.pk)
    if how == "disabled":
        people.update(is_active=False)
    elif how == "gone":
        people._raw_delete("default")
    else:
        offboard(user=owner, ends_at=timezone.now() + timedelta(minutes=1))
        assert end_unlawful() == 0
        time_machine.move_to(timezone.now() + timedelta(minutes=2), tick=False)
    assert end_unlawful() == 1
    assert reason_of(made.value) == "owner_ended"
    assert end_unlawful() == 0


def test_without_an_owner_no_token_is_made_or_rotated(
    robot: Any, user: Any, account: Any, make_token: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SERVICE_ACCOUNTS_OF_LEAVERS": "flag"}
    made = make_token(robot)
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED)
    for attempt in (lambda: make_token(robot), lambda: rotate_token(token=made.token)):
        with pytest.raises(TokenRefused) as refused:
            attempt()
        assert refused.value.reason == "no_owner"


def test_an_owner_who_was_disabled_without_a_signal_makes_none(
    robot: Any, user: Any, account: Any, make_token: Any
) -> None:
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    with pytest.raises(TokenRefused):
        make_token(robot)


def test_somebody_else_takes_it_over(
    robot: Any, user: Any, other_user: Any, account: Any, make_token: Any
) -> None:
    made = make_token(robot)
    end_user_sessions(user=user, reason=EndReason.OFFBOARDED)
    taken = transfer_service_account(account=account, owner=other_user, actor=other_user)
    assert (taken.owner_id, taken.orphaned_at) == (other_user.pk, None)
    assert reason_of(made.value) == "owner_ended"
    assert authenticate_token(make_token(robot).value).user == robot
    event = Event.objects.filter(kind="service_account").latest("pk")
    assert event.data == {"step": "transferred", "owner": str(other_user.pk), "former": str(user.pk)}


def test_a_sign_in_costs_no_statement_more(user: Any, browser: Any) -> None:
    """What `hold_for_sign_in()` reads anyway says so."""
    browser().force_login(user)
    client = browser()
    with CaptureQueriesContext(connection) as queries:
        client.force_login(user)
    assert sum("sessions_ui_serviceaccount" in each["sql"] for each in queries) == 1
    assert sum("sessions_ui_accountstate" in each["sql"] and "SELECT" in each["sql"] for each in queries) == 1


def test_a_leaver_with_many_accounts_costs_no_statement_more(
    user: Any, make_token: Any, django_user_model: Any
) -> None:
    counts = []
    for number in (1, 5):
        owner = django_user_model.objects.create_user(email=f"owner{number}@people.example")
        for each in range(number):
            robot = django_user_model.objects.create_user(email=f"robot{number}{each}@people.example")
            make_service_account(user=robot, owner=owner)
            make_token(robot)
        with CaptureQueriesContext(connection) as queries:
            assert end_user_sessions(user=owner, reason=EndReason.OFFBOARDED).ended == number
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- Found from outside


def test_who_answers_for_others_becomes_no_service_account(
    robot: Any, user: Any, other_user: Any, account: Any
) -> None:
    with pytest.raises(OwnerRefused):
        make_service_account(user=user, owner=other_user)
    assert not ServiceAccount.objects.filter(pk=user.pk).exists()


def test_where_that_was_written_by_hand_nobody_answers(
    robot: Any, user: Any, other_user: Any, account: Any, make_token: Any
) -> None:
    made = make_token(robot)
    ServiceAccount.objects.create(user=user, owner_id=other_user.pk)
    with pytest.raises(TokenRefused):
        make_token(robot)
    assert end_unlawful() == 1
    assert reason_of(made.value) == "owner_ended"


def test_what_is_made_ends_with_the_agreed_access_of_the_owner_without_any_process(
    robot: Any, user: Any, account: Any, make_token: Any, time_machine: Any
) -> None:
    before = make_token(robot)
    leaves = timezone.now() + timedelta(hours=1)
    offboard(user=user, ends_at=leaves)
    after = make_token(robot)
    for made in (before, after):
        assert Session.objects.get(pk=made.token.pk).expires_at == leaves
    time_machine.move_to(leaves, tick=False)
    assert reason_of(before.value) == reason_of(after.value) == "offboarded"
    with pytest.raises(TokenRefused):
        make_token(robot)


@pytest.mark.parametrize("hours", [1, 2])
def test_nobody_who_has_left_takes_one_over(
    robot: Any, user: Any, other_user: Any, account: Any, time_machine: Any, hours: int
) -> None:
    now = timezone.now()
    offboard(user=other_user, ends_at=now + timedelta(hours=1))
    time_machine.move_to(now + timedelta(hours=hours), tick=False)
    with pytest.raises(OwnerRefused):
        transfer_service_account(account=account, owner=other_user)


def test_whoever_takes_it_over_and_leaves_soon_lets_its_tokens_end_then(
    robot: Any, user: Any, other_user: Any, account: Any, make_token: Any
) -> None:
    made = make_token(robot)
    leaves = timezone.now() + timedelta(hours=1)
    offboard(user=other_user, ends_at=leaves)
    transfer_service_account(account=account, owner=other_user)
    assert Session.objects.get(pk=made.token.pk).expires_at == leaves


def test_where_leavers_are_flagged_no_date_of_theirs_ends_anything(
    robot: Any, user: Any, other_user: Any, account: Any, make_token: Any, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SERVICE_ACCOUNTS_OF_LEAVERS": "flag"}
    made = make_token(robot)
    before = Session.objects.get(pk=made.token.pk).expires_at
    offboard(user=other_user, ends_at=timezone.now() + timedelta(hours=1))
    transfer_service_account(account=account, owner=other_user)
    assert Session.objects.get(pk=made.token.pk).expires_at == before


def test_a_cancelled_date_ends_nothing_of_what_somebody_answers_for(
    robot: Any, user: Any, account: Any, browser: Any, make_token: Any, time_machine: Any
) -> None:
    """What is signed in keeps the date; whoever stays still answers for their accounts."""
    client = browser()
    client.force_login(user)
    offboarding = offboard(user=user, ends_at=timezone.now() + timedelta(hours=1))
    cancel_offboarding(offboarding=offboarding)
    made = make_token(robot)
    time_machine.move_to(timezone.now() + timedelta(hours=2), tick=False)
    end_unlawful()
    assert Session.objects.get(user=user).end_reason == "offboarded"
    assert authenticate_token(made.value).user == robot
    account.refresh_from_db()
    assert account.orphaned_at is None


def test_support_does_not_use_one(
    robot: Any, user: Any, account: Any, administrator: Any, browser: Any
) -> None:
    client = browser()
    client.force_login(administrator)
    own = Session.objects.get(user=administrator)
    with pytest.raises(ImpersonationRefused) as refused:
        begin_impersonation(
            origin=own, digest="d", user=robot, actor=administrator, reason="a call", client=client_of({})
        )
    assert refused.value.reason == "service_account"
