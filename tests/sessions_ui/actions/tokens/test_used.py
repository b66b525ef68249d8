"""That a token was used is noted once a minute: of each of its two values by its own uses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_ui.actions.tokens.authenticate import authenticate_token
from sessions_ui.actions.tokens.rotate import rotate_token
from sessions_ui.actions.tokens.used import is_due, note_use
from sessions_ui.api.introspection import described
from tests.models import AccessToken, Session

pytestmark = pytest.mark.django_db

A_MINUTE = timedelta(minutes=1)


def at_introspection(value: str) -> None:
    assert described(value)["active"] is True


def in_the_action(value: str) -> None:
    bearer = authenticate_token(value)
    now = timezone.now()
    if is_due(bearer, now):
        note_use(bearer=bearer, client=None, now=now)


Use = Callable[[str], None]
WAYS: dict[str, Use] = {"introspection": at_introspection, "the action": in_the_action}
# What is used before, a second later what is used again, and whether that is noted, of the former value and of both.
ORDERS = [
    ("new", "former", True),
    ("former", "former", False),
    ("new", "new", None),
    ("former", "new", None),
]


def former_used(token: AccessToken) -> datetime | None:
    return AccessToken.objects.get(pk=token.pk).former_used_at


@pytest.mark.parametrize("use", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("first", "then", "is_noted"), ORDERS)
def test_a_use_is_noted_once_a_minute_of_each_value(
    first: str, then: str, is_noted: bool | None, use: Use, user: Any, make_token: Any, time_machine: Any
) -> None:
    made = make_token(user)
    other = make_token(user, name="Another")
    rotate_token(token=other.token)
    values = {"former": made.value, "new": rotate_token(token=made.token).value}
    start = timezone.now() + timedelta(minutes=5)
    time_machine.move_to(start, tick=False)
    use(values[first])
    before = former_used(made.token)
    assert before == (start if first == "former" else None)
    assert Session.objects.get(pk=made.token.pk).last_seen_at == start
    time_machine.move_to(start + timedelta(seconds=1), tick=False)
    use(values[then])
    expected = before if is_noted is not True else start + timedelta(seconds=1)
    assert former_used(made.token) == expected
    time_machine.move_to(start + A_MINUTE * 2, tick=False)
    use(values["former"])
    assert former_used(made.token) == start + A_MINUTE * 2
    assert former_used(other.token) is None


def test_the_look_up_says_when_the_former_value_was_used_last(
    user: Any, make_token: Any, django_assert_num_queries: Any
) -> None:
    made = make_token(user)
    rotate_token(token=made.token)
    bearer = authenticate_token(made.value)
    with django_assert_num_queries(0):
        assert is_due(bearer, timezone.now())


def test_a_late_use_of_a_value_says_nothing_of_the_one_that_came_after_it(user: Any, make_token: Any) -> None:
    made = make_token(user)
    second = rotate_token(token=made.token)
    late = authenticate_token(made.value)
    rotate_token(token=second.token)
    note_use(bearer=late, client=None, now=timezone.now())
    assert former_used(made.token) is None
