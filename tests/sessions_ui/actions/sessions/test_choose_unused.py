"""The choice when unused sign-ins end: one column, one event."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.sessions.choose_unused import choose_unused
from sessions_ui.actions.sessions.unused import due, to_tell
from tests.models import AccountState, Event, Session
from tests.unused import let_them_last, unused_for

pytestmark = pytest.mark.django_db


def choice(user: Any) -> int | None:
    return AccountState.objects.values_list("unused_months", flat=True).get(user_id=user.pk)


@pytest.mark.parametrize("months", [0, 3, 6, 12])
def test_each_choice_is_kept(user: Any, months: int) -> None:
    assert choose_unused(user=user, months=months, actor=user)
    assert choice(user) == months


@pytest.mark.parametrize("months", [-1, 1, 4, 24])
def test_no_other_number_is(user: Any, months: int) -> None:
    with pytest.raises(ValueError, match=str(months)):
        choose_unused(user=user, months=months, actor=user)
    assert not AccountState.objects.filter(user_id=user.pk).exists()


def test_the_event_has_both(user: Any) -> None:
    choose_unused(user=user, months=6, actor=user)
    choose_unused(user=user, months=0, actor=user)
    told = Event.objects.filter(kind=Event.Kind.UNUSED_CHOSEN).order_by("pk")
    assert [(each.user_id, each.actor_id, each.data) for each in told] == [
        (user.pk, user.pk, {"from": None, "to": 6}),
        (user.pk, user.pk, {"from": 6, "to": 0}),
    ]


def test_the_same_again_is_no_event(user: Any) -> None:
    choose_unused(user=user, months=6, actor=user)
    assert not choose_unused(user=user, months=6, actor=user)
    assert Event.objects.filter(kind=Event.Kind.UNUSED_CHOSEN).count() == 1


def test_a_choice_ends_nothing_by_itself(user: Any, settings: Any) -> None:
    let_them_last(settings)
    session = unused_for(user, 380)
    choose_unused(user=user, months=3, actor=user)
    assert Session.objects.get(pk=session.pk).ended_at is None


def test_it_leaves_sign_ins_under_way_alone(user: Any) -> None:
    """It is no decision about the account, whose epoch would refuse them."""
    AccountState.objects.write([user.pk], sign_ins=1)
    before = AccountState.objects.get(user_id=user.pk)
    choose_unused(user=user, months=3, actor=user)
    after = AccountState.objects.get(user_id=user.pk)
    assert (after.epoch, after.reason, after.cut_at) == (before.epoch, before.reason, before.cut_at)


@pytest.mark.parametrize(("before", "between"), [(3, 0), (6, 12)])
def test_what_was_told_of_under_another_choice_is_told_of_again(
    user: Any, other_user: Any, settings: Any, before: int, between: int
) -> None:
    """The page says that a mail comes a few days before."""
    let_them_last(settings)
    sessions = [unused_for(each, 300, told=90) for each in (user, other_user)]
    choose_unused(user=user, months=before, actor=user)
    Session.objects.filter(pk=sessions[0].pk).update(unused_told_at=sessions[1].unused_told_at)
    choose_unused(user=user, months=between, actor=user)
    choose_unused(user=user, months=before, actor=user)
    assert [due(timezone.now()).filter(pk=each.pk).exists() for each in sessions] == [False, False]
    assert to_tell(timezone.now()).filter(pk=sessions[0].pk).exists()
    assert Session.objects.get(pk=sessions[1].pk).unused_told_at == sessions[1].unused_told_at
