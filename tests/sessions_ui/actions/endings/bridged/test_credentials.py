"""Single credentials of other packages."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry

from sessions_ui.actions.endings.bridged.credentials import end_credentials
from sessions_ui.bridges import listing
from sessions_ui.exceptions import NoSuchBridge
from tests.keys import Broken, Keys, Unwilling, bridged, keys_of, make_keys
from tests.models import Act, EndReason, Event

pytestmark = pytest.mark.django_db


def test_one_of_two_ends_with_an_act_and_an_event(user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user, 2)
    newest, oldest = Keys().list(user.pk)
    assert end_credentials(user=user, package="keys", ids=[oldest.id], actor=user, ticket="T-1") == 1
    assert [each.id for each in Keys().list(user.pk)] == [newest.id]
    event = Event.objects.get(kind=Event.Kind.CREDENTIALS_ENDED)
    assert (event.act, event.actor_id, event.reason, event.ticket, event.data) == (
        Act.objects.get(),
        user.pk,
        EndReason.SIGNED_OUT_REMOTELY,
        "T-1",
        {"package": "keys", "count": 1},
    )


def test_what_is_somebody_elses_ends_nothing(user: Any, other_user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(other_user)
    theirs = str(LogEntry.objects.get().pk)
    assert end_credentials(user=user, package="keys", ids=[theirs], actor=user) == 0
    assert keys_of(other_user) == 1 and not Act.objects.exists()


def test_all_of_a_package_end_at_once(user: Any, settings: Any) -> None:
    bridged(settings, Keys)
    make_keys(user, 2)
    assert end_credentials(user=user, package="keys", ids=None) == 2
    assert end_credentials(user=user, package="keys", ids=None) == 0


def test_a_package_without_a_bridge_is_refused(user: Any, settings: Any) -> None:
    bridged(settings)
    with pytest.raises(NoSuchBridge):
        end_credentials(user=user, package="keys", ids=None)


def test_what_a_bridge_raises_changes_nothing(user: Any, settings: Any) -> None:
    bridged(settings, Unwilling)
    make_keys(user)
    with pytest.raises(RuntimeError):
        end_credentials(user=user, package="unwilling", ids=None)
    assert keys_of(user) == 1 and not Act.objects.exists()


def test_the_list_has_those_of_all_packages(user: Any, other_user: Any, settings: Any) -> None:
    bridged(settings, Keys, Broken)
    make_keys(user)
    make_keys(other_user)
    found = listing.credentials_of([user.pk])
    assert [(each.package, each.user_id) for each in found.credentials] == [
        ("keys", user.pk),
        ("broken", user.pk),
    ]
    assert found.unknown == ()


def test_a_bridge_that_cannot_list_is_named_as_unknown(user: Any, settings: Any) -> None:
    bridged(settings, Keys, Unwilling)
    make_keys(user)
    found = listing.credentials_of([user.pk])
    assert ([each.package for each in found.credentials], found.unknown) == (["keys"], ("unwilling",))
    counts = listing.counts_of([user.pk])
    assert (counts.by_user, counts.unknown) == ({user.pk: {"keys": 1}}, ("unwilling",))


def test_a_hundred_people_are_counted_by_one_statement(
    user: Any, other_user: Any, settings: Any, django_assert_num_queries: Any
) -> None:
    bridged(settings, Keys)
    make_keys(user, 2)
    make_keys(other_user)
    with django_assert_num_queries(3):  # a savepoint about it
        assert listing.counts_of([user.pk, other_user.pk]).by_user == {
            user.pk: {"keys": 2},
            other_user.pk: {"keys": 1},
        }
