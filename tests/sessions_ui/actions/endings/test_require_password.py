"""A required password: nobody signs in with the old one, as often as it is required, and of nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import VerifiedAddress
from sessions_ui.actions.endings.require_password import (
    is_password_required,
    is_void_password,
    new_password_was_chosen,
    require_new_password,
)
from sessions_ui.exceptions import SamePassword
from sessions_ui.models import EndReason
from tests.conftest import PASSWORD
from tests.models import AccountState, Delivery, Event, Recovery
from tests.statements import gist

pytestmark = pytest.mark.django_db

DEVICES = "/account/devices/"
FIRST, SECOND = "a horse of another colour", "seven brown cows on a hill"


def require(user: Any) -> None:
    require_new_password(user=user, reason=EndReason.HELP_DESK, actor=None)


def choose(user: Any, password: str) -> None:
    fresh = get_user_model().objects.get(pk=user.pk)
    fresh.set_password(password)
    fresh.save()


def gets_in(browser: Any, user: Any, password: str) -> bool:
    here = browser()
    here.sign_in(user, password)
    return bool(here.get(DEVICES).status_code == 200)


def test_a_password_that_is_required_a_second_time_shuts_out_again(user: Any, browser: Any) -> None:
    require(user)
    assert not gets_in(browser, user, PASSWORD)
    choose(user, FIRST)
    assert gets_in(browser, user, FIRST)

    require(user)
    assert is_password_required(user)
    assert not gets_in(browser, user, FIRST)
    choose(user, SECOND)
    assert not is_password_required(user)
    assert gets_in(browser, user, SECOND)


def test_one_new_password_is_enough_for_two_requirements_before_it(user: Any, browser: Any) -> None:
    require(user)
    require(user)
    choose(user, FIRST)
    assert gets_in(browser, user, FIRST)


def test_a_new_password_of_one_account_fulfils_the_requirement_of_no_other(
    user: Any, other_user: Any, browser: Any
) -> None:
    for person in (user, other_user):
        require(person)
    choose(user, FIRST)
    assert gets_in(browser, user, FIRST)
    assert is_password_required(other_user)
    assert not gets_in(browser, other_user, PASSWORD)


def test_a_password_required_of_one_account_shuts_out_no_other(
    user: Any, other_user: Any, browser: Any
) -> None:
    there = browser()
    there.sign_in(other_user)
    require(user)
    assert not is_password_required(other_user)
    assert there.get(DEVICES).status_code == 200
    assert gets_in(browser, other_user, PASSWORD)


@pytest.mark.parametrize(
    ("raw", "fields", "is_upgrade"),
    [
        ("forgotten", ["password"], True),
        ("forgotten", ["password", "name"], False),
        ("forgotten", None, False),
        ("known", ["password"], False),
        ("known", None, False),
        ("never there", ["password"], False),
    ],
)
def test_only_a_better_hash_of_the_old_password_fulfils_nothing(
    raw: str, fields: list[str] | None, is_upgrade: bool, user: Any
) -> None:
    """Saved as Django's user model saves one by itself, where it goes without our mixin."""
    require(user)
    fresh: Any = get_user_model().objects.get(pk=user.pk)
    fresh.password = make_password(FIRST)
    if raw != "never there":
        fresh._password = None if raw == "forgotten" else FIRST
    fresh.save(update_fields=fields)
    assert is_password_required(user) is is_upgrade


def test_who_required_it_and_why_is_in_the_history_and_the_owner_is_told(
    user: Any, administrator: Any, hastened: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        require_new_password(user=user, reason=EndReason.INCIDENT, actor=administrator, ticket="INC-7")
    event = Event.objects.get(kind=Event.Kind.PASSWORD_REQUIRED)
    assert (event.user_id, event.actor_id, event.reason) == (user.pk, administrator.pk, "incident")
    assert event.data == {"ticket": "INC-7"}
    (told,) = Delivery.objects.filter(event=event)
    assert (told.user_id, told.channel, told.receiver) == (user.pk, "mail", user.email)
    assert hastened == ["sessions_ui.tasks.sweep_deliveries"]
    state = AccountState.objects.get(pk=user.pk)
    assert state.password_required_by_id == administrator.pk and state.password_required_at is not None
    choose(user, FIRST)
    state.refresh_from_db()
    assert (state.password_required_by_id, state.password_required_at) == (None, None)


def test_without_a_ticket_or_an_address_there_is_none(user: Any) -> None:
    VerifiedAddress.objects.filter(user=user).delete()
    get_user_model().objects.filter(pk=user.pk).update(email="")
    user.refresh_from_db()
    require(user)
    event = Event.objects.get(kind=Event.Kind.PASSWORD_REQUIRED)
    assert (event.actor_id, event.data) == (None, {})
    assert not Delivery.objects.filter(event=event).exists()


def test_the_password_that_has_to_be_replaced_is_not_set_again(user: Any, other_user: Any) -> None:
    require(user)
    with pytest.raises(SamePassword):
        choose(user, PASSWORD)
    assert is_password_required(user)
    choose(other_user, PASSWORD)  # of whom none is required
    choose(user, FIRST)
    choose(user, FIRST)
    assert not is_password_required(user)


def test_the_password_that_a_recovery_waits_for_is_another_one(user: Any, other_user: Any) -> None:
    """None is required where nobody could get a link to choose it: the old one goes on signing in."""
    now = timezone.now()
    Recovery.objects.create(
        user_id=user.pk, since=now, expires_at=now + timedelta(days=1), needs_password=True
    )
    for person in (user, other_user):
        AccountState.objects.update_or_create(user_id=person.pk, defaults={"recovering_since": now})
        assert not is_password_required(person)
    assert is_void_password(user.pk, PASSWORD, user.password)
    assert not is_void_password(other_user.pk, PASSWORD, other_user.password)


def test_where_none_is_required_a_new_password_costs_one_statement_and_no_lock(user: Any) -> None:
    """Every password that is saved asks."""
    with CaptureQueriesContext(connection) as queries:
        new_password_was_chosen(user)
    assert gist(queries) == ["SELECT sessions_ui_accountstate"]
