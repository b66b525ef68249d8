"""Ending the access of several people at once, while one of them signs in (trap 8)."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from sessions_ui.actions import account_lock
from sessions_ui.actions.endings import end
from sessions_ui.actions.endings.changes.access import access_changed
from sessions_ui.delivery import deliver_due
from tests.conftest import Browser, make_person
from tests.interleaving import just_before
from tests.models import Act, EndReason, Event, Session

pytestmark = pytest.mark.django_db

FIRST_STATEMENT_THAT_ENDS = "UPDATE .sessions_ui_session. SET .ended_at."


@pytest.mark.parametrize("only", [None, ~Q(method="passkey")], ids=["all", "only some"])
def test_whoever_signs_in_after_the_count_and_before_the_end_is_ended_and_told(
    only: Q | None, user: Any, other_user: Any
) -> None:
    """Where the lock does not hold, such as users in another database: events and mails are for exactly who ended."""
    third = make_person("charles@people.example")
    for person in (user, third):
        Browser().sign_in(person)
    mail.outbox.clear()
    users = get_user_model().objects.filter(pk__in=[user.pk, other_user.pk])

    def sign_in_meanwhile() -> None:
        """As another process does, at the very same moment."""
        Browser().sign_in(other_user)

    with transaction.atomic(), just_before(FIRST_STATEMENT_THAT_ENDS, sign_in_meanwhile):
        receipt = access_changed(users=users, only=only)
    assert (receipt.ended, Act.objects.get().count) == (2, 2)
    ended = Event.objects.filter(kind=Event.Kind.ENDED)
    assert sorted(ended.values_list("user_id", flat=True)) == sorted([user.pk, other_user.pk])
    assert set(ended.values_list("act", flat=True)) == {receipt.act.pk}
    deliver_due()
    told = [message.to for message in mail.outbox if "the permissions of the account changed" in message.body]
    assert sorted(told) == sorted([[user.email], [other_user.email]])
    assert set(Session.objects.filter(act=receipt.act).values_list("end_reason", flat=True)) == {
        EndReason.ACCESS_CHANGED
    }
    assert Session.objects.of(third).get().is_living


def test_whoever_signs_out_after_the_count_is_not_told_twice(user: Any, other_user: Any) -> None:
    for person in (user, other_user):
        Browser().sign_in(person)
    mail.outbox.clear()
    users = get_user_model().objects.filter(pk__in=[user.pk, other_user.pk])
    gone = Session.objects.of(other_user)
    with just_before(
        FIRST_STATEMENT_THAT_ENDS,
        lambda: gone.update(ended_at=timezone.now(), end_reason=EndReason.SIGNED_OUT),
    ):
        receipt = access_changed(users=users)
    assert (receipt.ended, receipt.already_ended) == (1, 1)
    assert list(Event.objects.filter(kind=Event.Kind.ENDED).values_list("user_id", flat=True)) == [user.pk]
    assert gone.get().end_reason == EndReason.SIGNED_OUT


@pytest.fixture(params=[500, 1], ids=["few users", "many users"])
def many_users(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (end, account_lock):
        monkeypatch.setattr(module, "MANY_USERS", request.param)


@pytest.mark.usefixtures("many_users")
def test_whoever_ended_is_told_also_where_the_filter_that_chose_them_finds_nobody_any_more(
    user: Any, other_user: Any
) -> None:
    """One of them keeps another session, which the filter still finds; the other one keeps none."""
    third = make_person("charles@people.example")
    for person in (user, user, other_user, third):
        Browser().sign_in(person)
    Session.objects.filter(pk=Session.objects.of(user).latest("pk").pk).update(method="passkey")
    mail.outbox.clear()
    signed_in = get_user_model().objects.filter(sessions__ended_at=None, pk__in=[user.pk, other_user.pk])
    receipt = access_changed(users=signed_in, only=~Q(method="passkey"))
    assert receipt.ended == 2
    ended = Event.objects.filter(kind=Event.Kind.ENDED, act=receipt.act)
    assert sorted(ended.values_list("user_id", flat=True)) == sorted([user.pk, other_user.pk])
    deliver_due()
    told = [message.to for message in mail.outbox if "the permissions of the account changed" in message.body]
    assert sorted(told) == sorted([[user.email], [other_user.email]])
    assert Session.objects.of(user).living().get().method == "passkey"
    assert Session.objects.of(third).get().is_living


@pytest.mark.usefixtures("many_users")
def test_whoever_the_filter_finds_only_at_the_end_is_told_too(user: Any, other_user: Any) -> None:
    """At MariaDB's own REPEATABLE READ the accounts are named by a snapshot and the sessions ended as they are now."""
    Browser().sign_in(user)
    mail.outbox.clear()
    signed_in = get_user_model().objects.filter(sessions__ended_at=None, pk__in=[user.pk, other_user.pk])
    with just_before(FIRST_STATEMENT_THAT_ENDS, lambda: Browser().sign_in(other_user)):
        receipt = access_changed(users=signed_in)
    assert receipt.ended == 2
    deliver_due()
    told = [message.to for message in mail.outbox if "the permissions of the account changed" in message.body]
    assert sorted(told) == sorted([[user.email], [other_user.email]])


def test_a_filter_that_finds_nobody_ends_nothing(user: Any) -> None:
    Browser().sign_in(user)
    assert not access_changed(users=get_user_model().objects.none())
    assert Session.objects.of(user).get().is_living
