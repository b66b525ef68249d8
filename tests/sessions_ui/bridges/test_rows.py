"""Bridges to packages with a row for each credential, by Django's `LogEntry`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.utils import timezone

from sessions_ui.bridges import BridgedCredential, BridgedKind, rows
from sessions_ui.models import EndReason
from tests.keys import Keys, keys_of, make_keys

pytestmark = pytest.mark.django_db

REASON = EndReason.ADMINISTRATOR


class Expiring(Keys):
    """Its keys are good until the moment in their only other column of a time."""

    expiry = "action_time"


def test_a_row_is_told_without_anything_that_nobody_named(user: Any) -> None:
    make_keys(user)
    row = LogEntry.objects.get()
    assert Keys().list(user.pk) == [
        BridgedCredential(
            package="keys",
            id=str(row.pk),
            user_id=user.pk,
            kind=BridgedKind.TOKEN,
            made_at=row.action_time,
        )
    ]


def test_the_newest_comes_first(user: Any) -> None:
    make_keys(user, 3)
    made = [each.made_at for each in Keys().list(user.pk)]
    assert made == sorted(made, reverse=True)  # type: ignore[type-var]


def test_what_has_run_out_is_neither_told_nor_counted_nor_ended(user: Any) -> None:
    make_keys(user, 2)
    old = LogEntry.objects.earliest("pk")
    LogEntry.objects.exclude(pk=old.pk).update(action_time=timezone.now() + timedelta(days=1))
    assert len(Expiring().list(user.pk)) == 1
    assert Expiring().count_of([user.pk]) == {user.pk: 1}
    assert Expiring().end_of([user.pk], REASON) == {user.pk: 1}
    assert LogEntry.objects.get() == old


def test_many_people_are_asked_about_in_several_statements(
    user: Any, other_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MANY", 1)
    make_keys(user)
    make_keys(other_user, 2)
    both = [user.pk, other_user.pk]
    assert len(Keys().list_of(both)) == 3
    assert Keys().count_of(both) == {user.pk: 1, other_user.pk: 2}
    assert Keys().end_of(both, REASON) == {user.pk: 1, other_user.pk: 2}


def test_who_has_any_is_found_among_some_or_all(user: Any, other_user: Any, agent: Any) -> None:
    make_keys(user)
    make_keys(other_user)
    users = get_user_model().objects
    assert Keys().holders() == {user.pk, other_user.pk}
    assert Keys().holders(users.filter(pk__in=[user.pk, agent.pk])) == {user.pk}
    assert Keys().holders(users.none()) == set()


def test_what_was_made_since_a_decision_stays(user: Any) -> None:
    make_keys(user)
    decided = timezone.now()
    make_keys(user)
    assert Keys().end_of([user.pk], REASON, made_before=decided) == {user.pk: 1}
    assert keys_of(user) == 1


@pytest.mark.parametrize("odd", ["", "x", "1.5", "-1", "9" * 40, "1; DROP"])
def test_an_id_of_another_form_is_nobodys(odd: str, user: Any) -> None:
    make_keys(user)
    assert Keys().describe(odd) is None
    assert Keys().end(user.pk, [odd], REASON) == 0
    assert keys_of(user) == 1


def test_one_is_described_while_it_lives(user: Any) -> None:
    make_keys(user)
    (listed,) = Keys().list(user.pk)
    assert Keys().describe(listed.id) == listed
    Keys().end(user.pk, [listed.id], REASON)
    assert Keys().describe(listed.id) is None


def test_until_when_something_made_from_it_may_be_accepted(user: Any) -> None:
    ended = timezone.now()
    token = BridgedCredential(package="p", id="1", user_id=user.pk, kind=BridgedKind.REFRESH)
    assert token.lives_until(ended) == ended
    jwt = BridgedCredential(
        package="p", id="1", user_id=user.pk, kind=BridgedKind.REFRESH, lives_on=timedelta(minutes=5)
    )
    assert jwt.lives_until(ended) == ended + timedelta(minutes=5)
