"""Everybody's credentials in all packages that have a bridge, part by part: an account may be one of a million.

A bridge that raises is named, and passed over. One without pages (`PagedBridge`) is asked who has any, and then what a
few of these have: its parts are as long as that is, and may be empty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from heapq import nsmallest
from typing import Any, NamedTuple, TypeGuard

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from sessions_ui.bridges.active import UNKNOWN, answer_of, bridges
from sessions_ui.bridges.protocol import Bridge, BridgedCredential, BridgedPage, PagedBridge
from sessions_ui.bridges.rows import MANY, chunks, key_of

ACCOUNTS = 50  # that a bridge without pages is asked about at a time


class Place(NamedTuple):
    """Where a part begins: at the bridge of this name, after what it has called `after` (None: at its beginning)."""

    package: str
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the list. `following` is where the next one begins, None after the last; `unknown` are the names of the
    bridges that could not say, `unpaged` of those that were asked and have no pages."""

    credentials: tuple[BridgedCredential, ...] = ()
    following: Place | None = None
    unknown: tuple[str, ...] = ()
    unpaged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Holders:
    """Primary keys of users, up to `MANY`; whether there are more; the names of the bridges that could not say."""

    keys: tuple[Any, ...]
    are_more: bool
    unknown: tuple[str, ...]


def part_of_all(
    *,
    limit: int,
    begin: Place | None = None,
    package: str | None = None,
    never_ending: bool = False,
    users: Collection[Any] | None = None,
) -> Part:
    """Return what the bridges know of, about `limit` at a time, bridge by bridge.

    `package`: of the bridge of this name only. `never_ending`: what does not end by itself. `users`: of these only (up
    to `MANY` primary keys). A place that there is not has nothing. The statements of one part of each bridge at most.
    """
    chosen = [bridge for bridge in bridges() if package in (None, bridge.name)]
    after = None
    if begin is not None:
        names = [bridge.name for bridge in chosen]
        chosen = chosen[names.index(begin.package) :] if begin.package in names else []
        after = begin.after
    found: list[BridgedCredential] = []
    unknown: list[str] = []
    unpaged: list[str] = []
    following: Place | None = None
    for bridge, next_one in zip(chosen, [*chosen[1:], None], strict=False):
        room = limit - len(found)
        question = partial(page_of, bridge, after=after, limit=room, never_ending=never_ending, users=users)
        page = answer_of(bridge, question)
        if page is UNKNOWN:
            unknown.append(bridge.name)
            page = BridgedPage(())
        elif not is_paged(bridge):
            unpaged.append(bridge.name)
        after = None
        found += page.credentials
        if page.following is not None:
            following = Place(bridge.name, page.following)
        elif len(found) >= limit and next_one is not None:
            following = Place(next_one.name)
        if following is not None:
            break
    return Part(tuple(found), following, tuple(unknown), tuple(unpaged))


def is_paged(bridge: Bridge) -> TypeGuard[PagedBridge]:
    return callable(getattr(bridge, "page", None))


def page_of(
    bridge: Bridge,
    *,
    after: str | None,
    limit: int,
    never_ending: bool = False,
    users: Collection[Any] | None = None,
) -> BridgedPage:
    """Return a part of what one bridge knows of, as `PagedBridge.page()` does; of a bridge without pages, what the next
    `ACCOUNTS` of its holders have. Raises whatever the bridge raises."""
    if is_paged(bridge):
        return bridge.page(after=after, limit=limit, never_ending=never_ending, users=users)
    return _of_accounts(bridge, after=after, never_ending=never_ending, users=users)


def pages_of(
    bridge: Bridge, *, limit: int, never_ending: bool = False, users: Collection[Any] | None = None
) -> Iterator[BridgedPage]:
    """Yield all that one bridge knows of, about `limit` at a time; a bridge without pages is asked for its holders
    once. Raises whatever the bridge raises, and ValueError where it does not get any further."""
    if not is_paged(bridge):
        for keys in chunks(sorted(bridge.holders() if users is None else users)):
            yield BridgedPage(_narrowed(bridge.list_of(keys), never_ending))
        return
    after = None
    while True:
        page = bridge.page(after=after, limit=limit, never_ending=never_ending, users=users)
        yield page
        if page.following is None:
            return
        if page.following == after:
            raise ValueError("the next part begins where this one did")
        after = page.following


def everything(
    *,
    limit: int,
    package: str | None = None,
    never_ending: bool = False,
    users: Collection[Any] | None = None,
) -> Iterator[tuple[str, BridgedPage | None]]:
    """Yield all that the bridges know of with the name of each, about `limit` at a time; None for one that raises.

    The arguments are those of `part_of_all()`.
    """
    for bridge in bridges():
        if package not in (None, bridge.name):
            continue
        pages = pages_of(bridge, limit=limit, never_ending=never_ending, users=users)
        while True:
            page = answer_of(bridge, partial(next, pages, None))
            if page is None:
                break
            yield bridge.name, None if page is UNKNOWN else page
            if page is UNKNOWN:
                break


def _of_accounts(
    bridge: Bridge, *, after: str | None, never_ending: bool, users: Collection[Any] | None
) -> BridgedPage:
    holders = set(bridge.holders() if users is None else users)
    if after is not None:
        last = key_of(get_user_model()._meta.pk, after)
        holders = set() if last is None else {key for key in holders if key > last}
    keys = nsmallest(ACCOUNTS + 1, holders)
    credentials = _narrowed(bridge.list_of(keys[:ACCOUNTS]) if keys else (), never_ending)
    return BridgedPage(credentials, str(keys[ACCOUNTS - 1]) if len(keys) > ACCOUNTS else None)


def _narrowed(credentials: Iterable[BridgedCredential], never_ending: bool) -> tuple[BridgedCredential, ...]:
    return tuple(each for each in credentials if each.expires_at is None or not never_ending)


def holders_among_all(users: QuerySet[Any]) -> Holders:
    """Return those of these users who have a credential anywhere, in the order of their keys. The statements of
    `holders()` of each bridge."""
    found: set[Any] = set()
    unknown: list[str] = []
    for bridge in bridges():
        holders = answer_of(bridge, partial(bridge.holders, users))
        if holders is UNKNOWN:
            unknown.append(bridge.name)
        else:
            found.update(holders)
    return Holders(tuple(nsmallest(MANY, found)), len(found) > MANY, tuple(unknown))
