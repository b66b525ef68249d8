"""Everybody's credentials, part by part."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.utils import timezone

from sessions_ui.bridges import BridgedPage, pages, rows
from sessions_ui.bridges.pages import Part, Place, everything, holders_among_all, pages_of, part_of_all
from tests.keys import Keys, Unpaged, Unwilling, bridged, make_keys

pytestmark = pytest.mark.django_db


class More(Keys):
    name = "more"


class Expiring(Keys):
    """Its keys are good until the moment in their only other column of a time."""

    name = "expiring"
    expiry = "action_time"


def walk(limit: int, **options: Any) -> list[Part]:
    parts = [part_of_all(limit=limit, **options)]
    while parts[-1].following is not None:
        parts.append(part_of_all(limit=limit, begin=parts[-1].following, **options))
    return parts


def named(parts: list[Part]) -> list[tuple[str, int]]:
    return [(each.package, int(each.id)) for part in parts for each in part.credentials]


@pytest.fixture
def keys(user: Any, other_user: Any) -> list[int]:
    """Of two people by turns; the newest first."""
    for person in (user, other_user, user, other_user, user):
        make_keys(person)
    return [*LogEntry.objects.order_by("-pk").values_list("pk", flat=True)]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7, 10, 500])
def test_the_parts_have_everything_once_bridge_by_bridge(settings: Any, keys: list[int], limit: int) -> None:
    bridged(settings, Keys, More)
    parts = walk(limit)
    assert named(parts) == [("keys", pk) for pk in keys] + [("more", pk) for pk in keys]
    assert {len(part.credentials) for part in parts[:-1]} <= {limit}


def test_what_is_made_or_ended_meanwhile_moves_nothing_else(
    settings: Any, user: Any, keys: list[int]
) -> None:
    bridged(settings, Keys)
    first = part_of_all(limit=2)
    make_keys(user)
    LogEntry.objects.filter(pk=keys[1]).delete()  # the last one that was shown
    second = part_of_all(limit=2, begin=first.following)
    assert named([first, second]) == [("keys", pk) for pk in keys[:4]]


def test_a_part_is_of_one_package_or_some_people(settings: Any, user: Any, keys: list[int]) -> None:
    bridged(settings, Keys, More)
    assert named(walk(2, package="more", users=[user.pk])) == [("more", pk) for pk in keys[::2]]
    assert walk(2, package="nobody") == [Part()]
    assert walk(2, users=[]) == [Part()]


def test_what_never_ends_is_told_apart_by_a_column_or_by_there_being_none(
    settings: Any, keys: list[int]
) -> None:
    bridged(settings, Keys, Expiring)
    LogEntry.objects.update(action_time=timezone.now() + timedelta(days=1))
    assert len(named(walk(3))) == 10
    assert named(walk(3, never_ending=True)) == [("keys", pk) for pk in keys]


@pytest.mark.parametrize(
    "place",
    [Place("nobody"), Place("keys", "x"), Place("keys", "\0"), Place("keys", "9" * 40), Place("keys", "-1")],
)
def test_a_place_that_was_never_given_out_has_nothing(settings: Any, keys: list[int], place: Place) -> None:
    bridged(settings, Keys)
    assert part_of_all(limit=2, begin=place) == Part()


def test_one_that_raises_is_named_and_the_others_are_shown(settings: Any, keys: list[int]) -> None:
    bridged(settings, Unwilling, Keys)
    parts = walk(3)
    assert named(parts) == [("keys", pk) for pk in keys]
    assert [part.unknown for part in parts] == [("unwilling",), ()]


@pytest.mark.parametrize("accounts", [1, 2, 50])
def test_one_without_pages_is_asked_account_by_account(
    settings: Any, monkeypatch: pytest.MonkeyPatch, keys: list[int], accounts: int
) -> None:
    monkeypatch.setattr(pages, "ACCOUNTS", accounts)
    bridged(settings, Unpaged, Keys)
    parts = walk(500)
    of_unpaged = [pk for package, pk in named(parts) if package == "unpaged"]
    assert sorted(of_unpaged, reverse=True) == keys
    assert [pk for package, pk in named(parts) if package == "keys"] == keys
    assert parts[0].unpaged == ("unpaged",)
    assert len(parts) == {1: 2, 2: 1, 50: 1}[accounts]
    assert part_of_all(limit=5, begin=Place("unpaged", "x"), package="unpaged").credentials == ()


def test_one_without_pages_leaves_out_what_ends(settings: Any, keys: list[int], user: Any) -> None:
    bridged(settings, Unpaged)
    assert len(named(walk(9, never_ending=True))) == 5
    assert named(walk(9, users=[user.pk])) == [("unpaged", pk) for pk in keys[::2]]
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "BRIDGES": [f"{__name__}.UNPAGED_EXPIRING"]}
    LogEntry.objects.update(action_time=timezone.now() + timedelta(days=1))
    assert len(named(walk(9))) == 5
    assert named(walk(9, never_ending=True)) == []


class UnpagedExpiring(Expiring):
    page: Any = None


UNPAGED_EXPIRING = UnpagedExpiring()


def test_a_part_costs_a_statement_a_bridge_however_many_there_are(
    settings: Any, user: Any, django_assert_num_queries: Any
) -> None:
    bridged(settings, Keys, More)
    for number in (1, 30):
        make_keys(user, number)
        with django_assert_num_queries(2 * 3):  # each in a savepoint, which is two statements
            part_of_all(limit=100)


def test_who_has_any_among_some_people(
    settings: Any, monkeypatch: pytest.MonkeyPatch, keys: list[int], user: Any, other_user: Any
) -> None:
    bridged(settings, Keys, Unwilling)
    users = get_user_model().objects
    found = holders_among_all(users.filter(pk=user.pk))
    assert (found.keys, found.are_more, found.unknown) == ((user.pk,), False, ("unwilling",))
    monkeypatch.setattr(pages, "MANY", 1)
    found = holders_among_all(users.all())
    assert (found.keys, found.are_more) == ((min(user.pk, other_user.pk),), True)


def test_the_newest_comes_first_where_the_values_grow(settings: Any, user: Any) -> None:
    make_keys(user, 3)
    page = Keys().page(after=None, limit=2)
    newest, second = page.credentials
    assert page.following == second.id and int(newest.id) > int(second.id)
    assert len(Keys().page(after=second.id, limit=2).credentials) == 1
    assert rows.MANY == 500  # as the protocol says of `users`


@pytest.mark.parametrize("limit", [1, 2, 500])
def test_everything_is_read_in_one_go(settings: Any, keys: list[int], user: Any, limit: int) -> None:
    bridged(settings, Keys, Unwilling, Unpaged)
    found = [
        (name, None if page is None else [int(each.id) for each in page.credentials])
        for name, page in everything(limit=limit)
    ]
    read = [pk for name, page in found if name == "keys" for pk in page or ()]
    assert read == keys and ("unwilling", None) in found
    assert sorted(dict(found)["unpaged"] or (), reverse=True) == keys
    narrowed = everything(limit=limit, package="unpaged", users=[user.pk])
    assert [len(page.credentials) for _name, page in narrowed if page is not None] == [3]


def test_one_without_pages_is_asked_for_its_holders_once(
    keys: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counted(Unpaged):
        asked = 0

        def holders(self, *users: Any) -> Any:
            Counted.asked += 1
            return super().holders(*users)

    monkeypatch.setattr(rows, "MANY", 1)
    assert [len(page.credentials) for page in pages_of(Counted(), limit=1)] in ([3, 2], [2, 3])
    assert Counted.asked == 1


def test_a_bridge_that_gets_no_further_is_left(settings: Any) -> None:
    class Turning(Keys):
        def page(self, **asked: Any) -> BridgedPage:
            return BridgedPage((), "1")

    with pytest.raises(ValueError, match="begins where"):
        list(pages_of(Turning(), limit=1))
