"""A sign-in of several steps does not outlive what happens to the account between them (trap J).

Seen from outside: the first step leaves its mark in a session, minutes pass, and `login()` is the last step.
tests/accounts/test_pending_sign_in.py goes the same way through allauth's pages.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from sessions_ui.actions.endings.end import end_session, end_user_sessions
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.sign_in.pending import begin_sign_in
from sessions_ui.exceptions import SignInRefused
from sessions_ui.store import SessionStore
from tests.models import EndReason, Session
from tests.waiting import begin, complete

pytestmark = pytest.mark.django_db

# Spelled out: what the code takes for harmless must not decide what is tested.
DECIDED = [
    "signed_out_remotely",
    "signed_out_everywhere",
    "password_changed",
    "password_reset",
    "factor_changed",
    "email_changed",
    "access_changed",
    "account_disabled",
    "account_deleted",
    "device_lost",
    "not_me",
    "suspicious",
    "help_desk",
    "administrator",
    "incident",
    "password_required",
    "api",
]
HARMLESS = [
    "signed_out",
    "superseded",
    "idle_timeout",
    "absolute_timeout",
    "unused",
    "session_limit",
    "offboarded",  # by itself: `offboard()` refuses what signs in after its date
    "provider_sign_out",  # which sign-ins it means, the provider says
]


def is_signed_in(user: Any) -> bool:
    return Session.objects.of(user).living().exists()


@pytest.fixture
def waiting(user: Any) -> SessionStore:
    return begin(user)


def test_a_waiting_sign_in_goes_on_where_nothing_happened(waiting: SessionStore, user: Any) -> None:
    complete(waiting, user)
    assert is_signed_in(user)


def test_a_new_password_refuses_a_waiting_sign_in(waiting: SessionStore, user: Any) -> None:
    """Also one that no signal told of."""
    user.set_password("a horse of another colour")
    get_user_model().objects.filter(pk=user.pk).update(password=user.password)
    with pytest.raises(SignInRefused) as caught:
        complete(waiting, user)
    assert caught.value.reason == "password_changed"
    assert not is_signed_in(user)


def test_the_secret_key_may_be_replaced_meanwhile(waiting: SessionStore, user: Any, settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the next one", [settings.SECRET_KEY]
    complete(waiting, user)
    assert is_signed_in(user)


@pytest.mark.parametrize("reason", DECIDED)
def test_a_decided_ending_refuses_a_waiting_sign_in_of_this_user_alone(
    reason: str, waiting: SessionStore, user: Any, other_user: Any, browser: Any
) -> None:
    browser().force_login(user)
    theirs = begin(other_user)
    assert end_user_sessions(user=user, reason=EndReason(reason)).ended == 1
    with pytest.raises(SignInRefused) as caught:
        complete(waiting, user)
    assert caught.value.reason == reason
    assert not is_signed_in(user)
    complete(theirs, other_user)
    assert is_signed_in(other_user)


@pytest.mark.parametrize("reason", DECIDED)
def test_a_decision_refuses_a_waiting_sign_in_also_where_there_is_nothing_to_end(
    reason: str, waiting: SessionStore, user: Any, other_user: Any
) -> None:
    theirs = begin(other_user)
    assert end_user_sessions(user=user, reason=EndReason(reason)).act is None
    with pytest.raises(SignInRefused) as caught:
        complete(waiting, user)
    assert caught.value.reason == reason
    assert not is_signed_in(user)
    complete(theirs, other_user)
    assert is_signed_in(other_user)


@pytest.mark.parametrize("reason", HARMLESS)
def test_a_harmless_ending_lets_a_waiting_sign_in_go_on(
    reason: str, waiting: SessionStore, user: Any, browser: Any
) -> None:
    browser().force_login(user)
    assert end_user_sessions(user=user, reason=EndReason(reason)).ended == 1
    complete(waiting, user)
    assert is_signed_in(user)


def test_a_decided_ending_of_one_session_refuses_a_waiting_sign_in(
    waiting: SessionStore, user: Any, browser: Any
) -> None:
    browser().force_login(user)
    end_session(session=Session.objects.of(user).get(), reason=EndReason.ADMINISTRATOR)
    with pytest.raises(SignInRefused):
        complete(waiting, user)


def test_a_harmless_ending_after_a_decided_one_takes_nothing_back(
    waiting: SessionStore, user: Any, browser: Any
) -> None:
    for reason in (EndReason.ADMINISTRATOR, EndReason.IDLE_TIMEOUT):
        browser().force_login(user)
        end_user_sessions(user=user, reason=reason)
    with pytest.raises(SignInRefused) as caught:
        complete(waiting, user)
    assert caught.value.reason == "administrator"


def test_a_sign_in_that_begins_after_a_decided_ending_goes_on(user: Any, browser: Any) -> None:
    browser().force_login(user)
    end_user_sessions(user=user, reason=EndReason.DEVICE_LOST)
    complete(begin(user), user)
    assert is_signed_in(user)


def test_the_first_incident_of_all_refuses_nobody_whom_it_is_not_about(
    waiting: SessionStore, user: Any, administrator: Any
) -> None:
    theirs = begin(administrator)
    order_incident(criteria=Criteria(staff=True), note="the cookies leaked")
    with pytest.raises(SignInRefused) as caught:
        complete(theirs, administrator)
    assert caught.value.reason == "incident"
    complete(waiting, user)
    assert is_signed_in(user)


def test_the_mark_of_another_user_says_nothing(waiting: SessionStore, user: Any, other_user: Any) -> None:
    """Somebody gave up half-way, and somebody else signs in in the same browser."""
    end_user_sessions(user=user, reason=EndReason.ADMINISTRATOR)
    complete(waiting, other_user)
    assert is_signed_in(other_user) and not is_signed_in(user)


def test_a_completed_sign_in_takes_its_own_mark_and_no_other(user: Any, other_user: Any) -> None:
    waiting = begin(user)
    begin_sign_in(waiting, other_user)
    waiting["cart"] = 1
    waiting.save()
    session = complete(waiting, user)
    session.save()
    marks = [name for name in SessionStore(session.session_key).load() if name.startswith("_sessions_ui")]
    assert marks == [f"_sessions_ui_begun.{other_user.pk}"]
    assert session["cart"] == 1
