"""Adoption against endings and against itself (traps 5 and 9)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from sessions_ui.actions.adoption.adopt import adopt_all
from sessions_ui.adopt import SOURCES
from sessions_ui.store import SessionStore
from tests.models import Session, digest_of
from tests.races.people import ENDINGS, by_worker, is_signed_in, save_password, somebody, these_sessions
from tests.races.race import ROUNDS, Race
from tests.sessions_ui.adopt.conftest import OldSessions, adopting, old_session
from tests.sessions_ui.adopt.old_tables import old_tables

__all__ = ["adopting", "old_session"]  # fixtures

# Whoever names sessions, and no people, means those that are here.
ALL_OF_A_PERSON = [end for end in (*ENDINGS, by_worker) if end is not these_sessions]


@pytest.fixture(autouse=True)
def _table(transactional_db: None) -> Iterator[None]:
    """Django's table only: with references to the users, these could not be flushed."""
    with old_tables("django"):
        yield


def resolve(key: str) -> bool:
    return SessionStore(key).resolve() is not None


def test_what_is_adopted_by_a_request_never_outlives_an_ending(
    old_session: OldSessions, race: Race, adopting: Any
) -> None:
    adopting()
    for end, known in race.turns(ALL_OF_A_PERSON, [True, False]):
        person = somebody(known=known)
        key = old_session(person)
        race.run(partial(resolve, key), endings=[partial(end, person)])
        race.is_over(is_signed_in(key))


def test_what_is_adopted_by_the_command_never_outlives_a_new_password(
    old_session: OldSessions, race: Race, adopting: Any
) -> None:
    adopting()
    for _ in race.times(ROUNDS // 4):
        person = somebody(known=False)
        key = old_session(person)
        change = partial(save_password, person, "a horse of another colour")
        race.run(partial(adopt_all, source=SOURCES["db"]), endings=[partial(race.by_host, change)])
        race.is_over(is_signed_in(key))


def test_one_browser_that_asks_for_several_things_at_once_is_adopted_once(
    old_session: OldSessions, race: Race, adopting: Any
) -> None:
    adopting()
    for anonymous in race.turns([False, True], rounds=ROUNDS // 4):
        key = old_session(None if anonymous else somebody(known=False), data={"cart": 1})
        *answered, _ = race.run(
            *[partial(resolve, key)] * 6, endings=[partial(adopt_all, source=SOURCES["db"])]
        )
        race.stays(answered == [True] * 6)
        assert Session.objects.filter(digest=digest_of(key)).count() == 1
