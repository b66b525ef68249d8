"""What was decided is written for everybody whom it is about, whether anything was decided about them before or not."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from sessions_ui.actions.account_lock import write_states
from tests.conftest import make_person
from tests.models import AccountState, EndReason

pytestmark = pytest.mark.django_db


def named(people: list[Any]) -> Any:
    return [person.pk for person in people]


def found(people: list[Any]) -> Any:
    """By a queryset, as where they are too many to name."""
    return get_user_model().objects.filter(pk__in=named(people))


@pytest.mark.parametrize("known", [0, 1, 2])
@pytest.mark.parametrize("users", [named, found])
def test_a_decision_is_written_for_whoever_has_a_state_and_for_whoever_has_none(
    users: Any, known: int, user: Any, other_user: Any
) -> None:
    people = [user, other_user]
    somebody_else = make_person("alan@people.example")
    AccountState.objects.filter(user_id__in=named(people)).delete()
    AccountState.objects.bulk_create(AccountState(user_id=person.pk) for person in people[:known])
    write_states(users(people), reason=EndReason.INCIDENT)
    written = AccountState.objects.filter(reason=EndReason.INCIDENT)
    assert set(written.values_list("user_id", flat=True)) == {user.pk, other_user.pk}
    assert not AccountState.objects.filter(user_id=somebody_else.pk).exists()


@pytest.mark.parametrize(
    ("changes", "decided", "tokens_ended"),
    [
        ({}, False, False),
        ({"sign_ins": 7}, False, False),
        ({"epoch": 1}, True, False),
        ({"tokens_ended_for": EndReason.INCIDENT}, False, True),
        ({"epoch": 1, "tokens_ended_for": EndReason.INCIDENT}, True, True),
    ],
)
def test_when_something_was_decided_is_written_with_a_decision_alone(
    changes: dict[str, Any], decided: bool, tokens_ended: bool, user: Any
) -> None:
    """Or a request that merely holds the account would refuse what began before it."""
    AccountState.objects.filter(pk=user.pk).delete()
    write_states([user.pk], **changes)
    state = AccountState.objects.get(pk=user.pk)
    assert (state.decided_at is not None, state.tokens_ended_at is not None) == (decided, tokens_ended)
