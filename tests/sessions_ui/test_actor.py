"""Who acts, as the request says it and as a verb is given it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from sessions_ui import context
from sessions_ui.actor import NOBODY, SYSTEM, Actor, ActorKind, actor_by_key, actor_of, current_actor

OWNER, STAFF = Actor(ActorKind.USER, 7), Actor(ActorKind.STAFF, 8)


@pytest.mark.parametrize(
    ("owner", "staff", "actor"),
    [(None, None, NOBODY), (7, None, OWNER), (7, 8, STAFF), (None, 8, STAFF)],
    ids=["nobody", "owner", "staff", "staff that has just signed out"],
)
def test_who_acts_in_a_request_is_whoever_sits_in_front_of_it(
    owner: int | None, staff: int | None, actor: Actor
) -> None:
    assert current_actor() == SYSTEM
    token = context.begin(context.Acting(SimpleNamespace(session_id=5, user_id=owner, impersonator_id=staff)))
    try:
        assert current_actor() == actor
    finally:
        context.finish(token)
    assert current_actor() == SYSTEM


@pytest.mark.parametrize(
    ("given", "actor"),
    [(None, SYSTEM), (AnonymousUser(), NOBODY), (SimpleNamespace(pk=7), OWNER), (STAFF, STAFF)],
    ids=["None", "an anonymous user", "a user", "an actor"],
)
def test_a_verb_takes_a_user_an_actor_or_none_for_the_system(given: Any, actor: Actor) -> None:
    assert actor_of(given) == actor


@pytest.mark.parametrize(
    ("asks", "given", "actor"),
    [(7, 7, STAFF), (None, 7, STAFF), (7, 9, Actor(ActorKind.USER, 9)), (7, None, SYSTEM), (7, OWNER, OWNER)],
    ids=["the owner", "the owner, after a sign-out", "somebody else", "the system", "an actor"],
)
def test_where_staff_uses_an_account_its_owner_does_nothing(
    asks: int | None, given: Any, actor: Actor
) -> None:
    token = context.begin(context.Acting(SimpleNamespace(session_id=5, user_id=asks, impersonator_id=8)))
    try:
        assert actor_of(SimpleNamespace(pk=given) if isinstance(given, int) else given) == actor
    finally:
        context.finish(token)


def test_a_row_without_an_actor_was_the_systems_doing() -> None:
    assert [actor_by_key(7), actor_by_key(None)] == [OWNER, SYSTEM]
