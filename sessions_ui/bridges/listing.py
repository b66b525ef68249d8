"""What people have in all packages that have a bridge: for pages and reports.

A bridge that raises is named as unknown, because a list that leaves something out without saying so lies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sessions_ui.bridges.active import UNKNOWN, answer_of, bridges
from sessions_ui.bridges.protocol import Bridge, BridgedCredential

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """The credentials, and the names of the bridges that could not say."""

    credentials: tuple[BridgedCredential, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many credentials each user has, by package, and the names of the bridges that could not say."""

    by_user: Mapping[Any, Mapping[str, int]]
    unknown: tuple[str, ...]


def credentials_of(users: Collection[Any]) -> Found:
    """Return what these users (primary keys) have, package by package, the newest of each first.

    A fixed number of statements for each bridge, however many users there are (up to `MANY` in each statement).
    """
    answers = list(_ask_all(lambda bridge: bridge.list_of(users)))
    return Found(
        tuple(each for _name, found in answers for each in found or ()),
        tuple(name for name, found in answers if found is None),
    )


def counts_of(users: Collection[Any]) -> Counts:
    """Return how many credentials these users (primary keys) have; who has none is left out. The same statements."""
    answers = list(_ask_all(lambda bridge: bridge.count_of(users)))
    by_user: dict[Any, dict[str, int]] = {}
    for name, counts in answers:
        for user_id, count in (counts or {}).items():
            by_user.setdefault(user_id, {})[name] = count
    return Counts(by_user, tuple(name for name, counts in answers if counts is None))


def _ask_all(question: Callable[[Bridge], T]) -> Iterator[tuple[str, T | None]]:
    """Yield what each bridge answers; None for one that raises."""
    for bridge in bridges():
        answer = answer_of(bridge, partial(question, bridge))
        yield bridge.name, None if answer is UNKNOWN else answer
