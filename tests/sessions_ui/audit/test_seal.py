"""Each committed event gets one place in the log, without a gap, and is signed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_ui.audit import events, seal
from sessions_ui.audit.seal import Sealed, seal_events
from sessions_ui.exceptions import AppendOnly
from sessions_ui.verify import NOTHING_BEFORE
from sessions_ui.verify import Checkpoint as Signed
from tests.models import Checkpoint, Event, EventDetail, Seal
from tests.sessions_ui.audit.conftest import Key, append, append_at, found

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("about the whole log")]


def signed() -> list[Signed]:
    return [Signed.read(row.text, row.signature) for row in Checkpoint.objects.order_by("number")]


def test_positions_have_no_gap_and_follow_the_keys(log: list[int], key: Key) -> None:
    assert list(Seal.objects.order_by("position").values_list("position", "event_id")) == list(
        enumerate(log, 1)
    )
    assert [(each.number, each.first, each.count) for each in signed()] == [(1, 1, 4), (2, 5, 4), (3, 9, 2)]
    assert found(key.keys) == []


def test_each_checkpoint_holds_the_hash_of_the_one_before(log: list[int]) -> None:
    first, second, third = signed()
    assert [first.previous, second.previous, third.previous] == [NOTHING_BEFORE, first.hash, second.hash]


def test_what_commits_late_gets_a_later_place(user: Any, key: Key) -> None:
    early, late, other = (append(user, number) for number in (0, 2, 4))
    row = Event.objects.filter(pk=late).values().get()
    Event.objects.filter(pk=late)._raw_delete("default")
    assert seal_events().events == 2
    Event.objects.create(**row)  # its transaction commits
    assert seal_events().events == 1
    assert list(Seal.objects.order_by("position").values_list("event_id", flat=True)) == [early, other, late]
    assert found(key.keys) == []


def test_a_large_backlog_is_read_along_the_keys(
    user: Any, key: Key, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal, "PAGE", 3)
    made = [append(user, number) for number in range(6)]
    assert seal_events().events == 6
    made += [append(user, number) for number in range(11)]
    with CaptureQueriesContext(connection) as asked:
        assert seal_events() == Sealed(events=11, checkpoints=3, complete=True)
    assert list(Seal.objects.order_by("position").values_list("event_id", flat=True)) == made
    # To join them reads and sorts all that is left, for every batch.
    joined = [each["sql"] for each in asked if "JOIN" in each["sql"] and "sessions_ui_seal" in each["sql"]]
    assert joined == []
    assert found(key.keys) == []


def test_nothing_is_sealed_twice_and_an_empty_run_makes_no_checkpoint(log: list[int]) -> None:
    assert (seal_events().events, seal_events(everything=True).events) == (0, 0)
    assert Checkpoint.objects.count() == 3


def test_a_run_begins_no_batch_after_its_time_and_the_next_one_goes_on(
    user: Any, key: Key, small_batches: None
) -> None:
    for number in range(10):
        append(user, number)
    sealed = seal_events(seconds=0)
    assert (sealed.events, sealed.checkpoints, sealed.complete) == (4, 1, False)
    sealed = seal_events()
    assert (sealed.events, sealed.checkpoints, sealed.complete) == (6, 2, True)
    assert found(key.keys) == []


def test_only_a_look_at_everything_finds_what_commits_more_than_an_hour_late(
    log: list[int], user: Any
) -> None:
    row = Event.objects.filter(pk=append(user, 10)).values().get()
    append(user, 11)
    Event.objects.filter(pk=row["id"])._raw_delete("default")
    with time_machine.travel(timezone.now() - timedelta(minutes=90), tick=True):
        assert seal_events().events == 1
    Event.objects.create(**row)
    assert seal_events().events == 0
    assert seal_events(everything=True).events == 1


def test_an_event_that_is_about_to_be_purged_gets_no_place(user: Any, settings: Any) -> None:
    kept = timedelta(days=100)
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "RETENTION": kept}
    append_at(timezone.now() - kept + timedelta(hours=23), user)
    stays = append_at(timezone.now() - kept + timedelta(hours=25), user)
    seal_events()
    assert [seal.event_id for seal in Seal.objects.all()] == [stays]


def test_without_a_key_the_log_is_sealed_and_not_signed(user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SEAL_KEY": ""}
    append(user, 1)
    seal_events()
    [checkpoint] = signed()
    assert (checkpoint.signature, checkpoint.key) == (b"", "")
    assert found(None) == []


def test_a_detail_that_the_database_made_gets_its_salt_when_it_is_sealed(user: Any, key: Key) -> None:
    event = append(user, 1)
    EventDetail.objects.filter(pk=event).update(salt=None)
    seal_events()
    salt = EventDetail.objects.get(pk=event).salt
    assert salt is not None and len(bytes(salt)) == 16
    assert found(key.keys) == []


def test_each_detail_has_a_salt_of_its_own(log: list[int]) -> None:
    salts = [bytes(detail.salt) for detail in EventDetail.objects.filter(pk__in=log) if detail.salt]
    assert len(set(salts)) == 5


@pytest.mark.parametrize("model", [Seal, Checkpoint])
def test_the_log_is_never_changed(log: list[int], model: Any) -> None:
    row = model.objects.order_by("pk").first()
    with pytest.raises(AppendOnly):
        row.save()
    with pytest.raises(AppendOnly):
        row.delete()
    with pytest.raises(AppendOnly):
        model.objects.update(pk=7)
    with pytest.raises(AppendOnly):
        model.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_an_event_is_committed_with_its_detail(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **fields: Any) -> None:
        raise OSError

    monkeypatch.setattr(EventDetail.objects, "create", fail)
    before = Event.objects.count()
    with pytest.raises(OSError):
        events.append(Event.Kind.DEVICE_RENAMED, user_id=user.pk, text="x")
    assert Event.objects.count() == before


def test_an_event_from_the_future_does_not_keep_its_batch_for_ever(user: Any, key: Key) -> None:
    append(user, 1, at=timezone.now() + timedelta(days=3650))
    seal_events()
    checkpoint = Checkpoint.objects.get()
    assert checkpoint.newest_at == checkpoint.at <= timezone.now()
    assert found(key.keys) == []


def test_a_checkpoint_is_never_older_than_the_one_before_it(user: Any, key: Key) -> None:
    append(user, 1)
    seal_events()
    with time_machine.travel(timezone.now() - timedelta(minutes=5), tick=True):  # the clock of another host
        append(user, 2)
        seal_events()
    first, second = signed()
    assert first.at == second.at
    assert found(key.keys) == []
