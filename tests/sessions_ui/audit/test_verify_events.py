"""What somebody with the password of the database does to the log is found; what the site does by itself is not."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.audit import seal
from sessions_ui.audit.checkpoints import line_of
from sessions_ui.audit.seal import seal_events
from sessions_ui.verify import Checkpoint as Signed
from sessions_ui.verify import Found, leaf_hash, merkle_root, read_checkpoints
from tests.models import Checkpoint, Event, EventDetail, Seal
from tests.sessions_ui.audit.conftest import Key, append, append_at, found, sql, what

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("about the whole log")]

DAY = timedelta(days=1)


def emitted() -> list[Signed]:
    return list(read_checkpoints(line_of(each) for each in Checkpoint.objects.order_by("number")))


def verify(*arguments: str) -> str:
    """What the command says; it fails where it finds something."""
    said = io.StringIO()
    try:
        call_command("verify_events", *arguments, stdout=said, stderr=io.StringIO())
    except CommandError as error:
        return f"{said.getvalue()}{error}"
    return said.getvalue()


# --- What is found


@pytest.mark.control("SP 800-53 AU-9(3)")
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "device_lost"),
        ("at", "2026-01-01 00:00:00"),
        ("user_id", 4711),
        ("actor_id", 4711),
        ("session_id", 4711),
        ("device_id", 4711),
        ("act_id", "0" * 32),
        ("reason", "incident"),
        ("ticket", "INC-2"),
        ("request_id", "another"),
        ("data", '{"number": 4711}'),
    ],
)
def test_a_changed_column_is_found_and_named(log: list[int], key: Key, column: str, value: Any) -> None:
    sql(f"UPDATE sessions_ui_event SET {column} = %s WHERE id = %s", value, log[5])
    assert [(each.what, each.where) for each in found(key.keys)] == [
        (Found.CHANGED, f"event {log[5]} at position 6")
    ]


def test_a_changed_detail_is_found(log: list[int], key: Key) -> None:
    EventDetail.objects.filter(pk=log[5]).update(address="198.51.100.1")
    assert [(each.what, each.where) for each in found(key.keys)] == [
        (Found.DETAIL_CHANGED, f"event {log[5]} at position 6")
    ]


@pytest.mark.parametrize("salt", [b"x" * 16, None])
def test_a_detail_that_is_added_is_found(log: list[int], key: Key, salt: bytes | None) -> None:
    EventDetail.objects.create(event_id=log[4], text="somebody said so", salt=salt)
    assert what(found(key.keys)) == [Found.DETAIL_ADDED]


def test_a_removed_event_is_found(log: list[int], key: Key) -> None:
    sql("DELETE FROM sessions_ui_eventdetail WHERE event_id = %s", log[5])
    sql("DELETE FROM sessions_ui_event WHERE id = %s", log[5])
    assert [(each.what, each.where) for each in found(key.keys)] == [(Found.REMOVED, "position 6")]


def test_a_removed_event_is_found_without_its_place(log: list[int], key: Key) -> None:
    sql("DELETE FROM sessions_ui_event WHERE id = %s", log[4])
    sql("DELETE FROM sessions_ui_seal WHERE event_id = %s", log[4])
    assert [(each.what, each.where) for each in found(key.keys)] == [(Found.REMOVED, "position 5")]


def test_an_event_put_in_the_middle_is_found(log: list[int], key: Key, user: Any) -> None:
    row = Event.objects.filter(pk=log[4]).values().get()
    sql("DELETE FROM sessions_ui_event WHERE id = %s", log[4])
    seal_events()
    sql("UPDATE sessions_ui_seal SET event_id = %s WHERE event_id = %s", 10**9, log[4])
    Event.objects.create(**row)  # it has no place any more
    assert (Found.INSERTED, f"event {log[4]}") in [(each.what, each.where) for each in found(key.keys)]


def test_an_event_with_a_free_key_among_sealed_ones_is_found(
    user: Any, key: Key, small_batches: None
) -> None:
    free = append(user, 0)
    row = Event.objects.filter(pk=free).values().get()
    Event.objects.filter(pk=free)._raw_delete("default")
    with time_machine.travel(timezone.now() - timedelta(hours=2), tick=True):
        for number in range(6):
            append(user, number)
        seal_events()
    Event.objects.create(**{**row, "at": timezone.now()})
    assert seal_events().events == 0
    assert [(each.what, each.where) for each in found(key.keys)] == [(Found.INSERTED, f"event {free}")]


def test_an_event_with_a_made_up_place_is_found(log: list[int], key: Key, user: Any) -> None:
    made_up = append(user, 11)
    Seal.objects.create(position=10**12, event_id=made_up, leaf=leaf_hash("made up"))
    assert seal_events().events == 0
    assert [(each.what, each.where) for each in found(key.keys)] == [
        (Found.CUT_TAIL, f"event {made_up} at position {10**12}")
    ]


def test_two_swapped_events_are_found(log: list[int], key: Key) -> None:
    """Each has the key of the other."""
    one, two = log[4], log[6]
    for before, after in ((one, 10**9), (two, one), (10**9, two)):
        sql("UPDATE sessions_ui_event SET id = %s WHERE id = %s", after, before)
    assert [(each.what, each.where) for each in found(key.keys)] == [
        (Found.CHANGED, f"event {one} at position 5"),
        (Found.CHANGED, f"event {two} at position 7"),
    ]


def test_two_events_that_have_swapped_their_places_are_found(log: list[int], key: Key) -> None:
    sql("UPDATE sessions_ui_seal SET event_id = -1 WHERE event_id = %s", log[4])
    sql("UPDATE sessions_ui_seal SET event_id = %s WHERE event_id = %s", log[4], log[6])
    sql("UPDATE sessions_ui_seal SET event_id = %s WHERE event_id = -1", log[6])
    assert [(each.what, each.where, each.why) for each in found(key.keys)] == [
        (Found.SWAPPED, f"event {log[6]} at position 5", "was sealed at position 7"),
        (Found.SWAPPED, f"event {log[4]} at position 7", "was sealed at position 5"),
    ]


def test_two_events_that_have_swapped_all_that_is_kept_of_them_are_found(log: list[int], key: Key) -> None:
    for before, after in ((5, -1), (7, 5), (-1, 7)):
        sql("UPDATE sessions_ui_seal SET position = %s WHERE position = %s", after, before)
    assert what(found(key.keys)) == [Found.SWAPPED, Found.SWAPPED]


def test_an_event_changed_together_with_its_leaf_is_found_as_one_of_its_batch(
    log: list[int], key: Key
) -> None:
    rewrite(log[5])
    assert [(each.what, each.where) for each in found(key.keys)] == [
        (Found.REWRITTEN, "positions 5 to 8 (checkpoint 2)")
    ]


def test_a_leaf_that_was_changed_alone_accuses_no_event(log: list[int], key: Key) -> None:
    sql("UPDATE sessions_ui_seal SET leaf = %s WHERE position = 6", leaf_hash("made up"))
    assert [(each.what, each.where) for each in found(key.keys)] == [
        (Found.REWRITTEN, f"event {log[5]} at position 6")
    ]


def test_a_batch_rewritten_down_to_its_checkpoint_is_found_by_the_signature(log: list[int], key: Key) -> None:
    rewrite(log[9])
    checkpoint = Checkpoint.objects.get(number=3)
    leaves = [bytes(each.leaf) for each in Seal.objects.filter(position__gte=9).order_by("position")]
    was = Signed.read(checkpoint.text, checkpoint.signature)
    text = checkpoint.text.replace(was.root.hex(), merkle_root(leaves).hex())
    sql("UPDATE sessions_ui_checkpoint SET text = %s WHERE number = 3", text)
    assert [(each.what, each.where) for each in found(key.keys)] == [(Found.SIGNATURE, "checkpoint 3")]
    assert what(found(None)) == [], "nobody knows without a key"


def rewrite(event: int) -> None:
    """Change an event, and what was kept of it."""
    from sessions_ui.audit.entries import rows_of

    sql("UPDATE sessions_ui_event SET reason = 'incident' WHERE id = %s", event)
    kept = Seal.objects.get(event=event)
    [row] = rows_of(Event.objects.filter(pk=event))
    leaf = leaf_hash(row.entry(kept.commitment))
    sql("UPDATE sessions_ui_seal SET leaf = %s WHERE event_id = %s", leaf, event)


def test_a_removed_checkpoint_is_found(log: list[int], key: Key) -> None:
    sql("DELETE FROM sessions_ui_checkpoint WHERE number = 2")
    assert (Found.CHAIN, "checkpoint 2") in [(each.what, each.where) for each in found(key.keys)]


def test_a_cut_tail_is_found_by_what_was_emitted(log: list[int], key: Key) -> None:
    before = emitted()
    sql("DELETE FROM sessions_ui_checkpoint WHERE number = 3")
    sql("DELETE FROM sessions_ui_seal WHERE position > 8")
    sql("DELETE FROM sessions_ui_eventdetail WHERE event_id >= %s", log[8])
    sql("DELETE FROM sessions_ui_event WHERE id >= %s", log[8])
    assert what(found(key.keys)) == []
    assert [(each.what, each.where) for each in found(key.keys, before)] == [(Found.CUT_TAIL, "checkpoint 3")]


def test_a_tail_that_was_cut_without_its_places_is_found(log: list[int], key: Key) -> None:
    sql("DELETE FROM sessions_ui_checkpoint WHERE number = 3")
    assert what(found(key.keys)) == [Found.CUT_TAIL, Found.CUT_TAIL]


def test_a_log_that_was_sealed_anew_is_found_by_what_was_emitted(log: list[int], key: Key) -> None:
    """The sealer signs whatever it finds: without the emitted checkpoints nobody would know."""
    before = emitted()
    sql("DELETE FROM sessions_ui_checkpoint")
    sql("DELETE FROM sessions_ui_seal")
    sql("UPDATE sessions_ui_event SET reason = 'incident' WHERE id = %s", log[0])
    seal_events(everything=True)
    assert what(found(key.keys)) == []
    assert what(found(key.keys, before)) == [Found.FORKED, Found.FORKED, Found.FORKED]


def test_a_head_that_was_cut_is_found(log: list[int], key: Key) -> None:
    sql("DELETE FROM sessions_ui_eventdetail WHERE event_id < %s", log[8])
    sql("DELETE FROM sessions_ui_event WHERE id < %s", log[8])
    sql("DELETE FROM sessions_ui_seal WHERE position < 9")
    sql("DELETE FROM sessions_ui_checkpoint WHERE number = 1")
    assert [(each.what, each.where) for each in found(key.keys)] == [(Found.CUT_HEAD, "checkpoint 1 to 2")]


@pytest.mark.parametrize(
    ("number", "retention"),
    [
        pytest.param(2, timedelta(days=180), id="too young"),
        pytest.param(1, timedelta(0), id="only to an earlier checkpoint"),
    ],
)
def test_a_head_that_was_cut_is_found_whatever_an_event_says(
    log: list[int], key: Key, number: int, retention: timedelta
) -> None:
    test_a_head_that_was_cut_is_found(log, key)
    data = {"checkpoint": number, "retention": retention.total_seconds()}
    Event.objects.create(kind=Event.Kind.LOG_CUT, data=data)
    seal_events()
    assert what(found(key.keys)) == [Found.CUT_HEAD]


@pytest.mark.parametrize("signature", ["", "A" * 86 + "=="])
def test_a_forged_signature_is_found(log: list[int], key: Key, signature: str) -> None:
    sql("UPDATE sessions_ui_checkpoint SET signature = %s WHERE number = 2", signature)
    assert [(each.what, each.where) for each in found(key.keys)] == [(Found.SIGNATURE, "checkpoint 2")]


def test_a_signature_of_another_key_is_found(log: list[int], make_key: Callable[[str], Key]) -> None:
    assert what(found(make_key("other").keys)) == [Found.UNKNOWN_KEY] * 3


def test_an_event_older_than_an_hour_that_nobody_sealed_is_found(log: list[int], key: Key, user: Any) -> None:
    young = append(user, 1)
    assert found(key.keys) == []
    old = append_at(timezone.now() - timedelta(minutes=61), user)
    assert young < old
    assert [(each.what, each.where) for each in found(key.keys)] == [(Found.UNSEALED, f"event {old}")]


def test_checkpoints_that_end_unsigned_are_found(log: list[int], key: Key, user: Any, settings: Any) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SEAL_KEY": ""}
    append(user, 1)
    seal_events()
    assert [(each.what, each.where) for each in found(key.keys)] == [(Found.UNSIGNED, "checkpoint 4")]


def test_an_event_that_nobody_sealed_allows_no_cut(log: list[int], key: Key) -> None:
    """Whoever removes the beginning can write such an event, too."""
    sql("UPDATE sessions_ui_event SET at = %s WHERE id = %s", timezone.now() - 500 * DAY, log[0])
    test_a_head_that_was_cut_is_found(log, key)
    data = {"checkpoint": 2, "retention": 0}
    Event.objects.create(kind=Event.Kind.LOG_CUT, data=data)
    assert what(found(key.keys)) == [Found.CUT_HEAD]


@pytest.mark.parametrize(
    ("data", "at"),
    [
        pytest.param({"checkpoint": 2, "retention": -(10**9)}, timedelta(0), id="a negative retention"),
        pytest.param({"checkpoint": 2, "retention": 180.5 * 86400}, 181 * DAY, id="no whole seconds"),
        pytest.param({"checkpoint": 2, "retention": 180 * 86400}, 181 * DAY, id="from the future"),
        pytest.param({"checkpoint": 2, "retention": 10**15}, timedelta(0), id="a retention beyond all time"),
        pytest.param({"checkpoint": 2}, timedelta(0), id="no retention"),
        pytest.param({"retention": 0}, timedelta(0), id="no checkpoint"),
        pytest.param(["checkpoint", "retention"], timedelta(0), id="a list"),
        pytest.param({}, timedelta(0), id="nothing"),
    ],
)
def test_a_made_up_event_allows_no_cut_although_it_was_sealed(
    log: list[int], key: Key, data: Any, at: timedelta
) -> None:
    """And whatever it says, the rest of the log is read."""
    test_a_head_that_was_cut_is_found(log, key)
    Event.objects.create(kind=Event.Kind.LOG_CUT, at=timezone.now() + at, data=data)
    seal_events()
    assert what(found(key.keys)) == [Found.CUT_HEAD]


def test_a_cut_after_less_than_what_was_agreed_is_found(log: list[int], key: Key) -> None:
    """The event is what the site says, and it may be in league with whoever cut."""
    test_a_head_that_was_cut_is_found(log, key)
    Event.objects.create(kind=Event.Kind.LOG_CUT, data={"checkpoint": 2, "retention": 3600})
    seal_events()
    assert found(key.keys) == []
    said = verify()
    assert (
        "cut head: checkpoint 1 to 2: is gone, and no sealed event says that it was kept for 180 days" in said
    )
    assert "with a retention of 3600 seconds (sealed in checkpoint 4)" in said
    assert "Nothing is wrong." in verify("--retention", "3600")
    assert "cut head" in verify("--retention", "3601s")


def test_an_old_event_without_any_checkpoint_is_found(user: Any, key: Key) -> None:
    """The sealer has never run."""
    old = append_at(timezone.now() - timedelta(minutes=61), user)
    assert [(each.what, each.where) for each in found(key.keys)] == [(Found.UNSEALED, f"event {old}")]


def test_it_is_said_that_nothing_is_proven_about_the_rest_of_a_batch(log: list[int], key: Key) -> None:
    sql("UPDATE sessions_ui_event SET reason = 'incident' WHERE id = %s", log[5])
    assert "Nothing is proven about any event of checkpoint 2, positions 5 to 8" in verify()


# --- What is no finding


def test_erasing_details_is_none(log: list[int], key: Key) -> None:
    EventDetail.objects.filter(pk=log[1]).delete()
    EventDetail.objects.filter(pk=log[3]).forget(address=None)
    assert EventDetail.objects.get(pk=log[3]).text == "text 3"
    assert found(key.keys) == []
    said = verify()
    assert "Details as they were sealed: 3, erased: 2 (of 1 something is left, which nothing proves)." in said


def test_a_user_who_was_deleted_is_none(log: list[int], key: Key, user: Any) -> None:
    user.delete()
    assert found(key.keys) == []


def test_the_retention_is_none_and_cuts_at_a_checkpoint(user: Any, key: Key, small_batches: None) -> None:
    now = timezone.now()
    with time_machine.travel(now - 181 * DAY, tick=True) as clock:
        old = [append(user, number) for number in range(6)]
        seal_events()  # 1, 2
        clock.shift(2 * DAY)
        half = [append(user, number) for number in range(2)]
        seal_events()  # 3
    before = emitted()
    stays = append(user, 1)
    seal_events()
    purge_old()
    assert set(Event.objects.exclude(kind="log_cut").values_list("pk", flat=True)) == {*half, stays}
    assert not EventDetail.objects.filter(pk__in=old).exists()
    assert list(Checkpoint.objects.order_by("number").values_list("number", flat=True)) == [2, 3, 4, 5]
    assert Event.objects.get(kind="log_cut").data == {"checkpoint": 2, "retention": 180 * 86400}
    assert found(key.keys, before) == []
    seal_events()
    assert found(key.keys, before) == []
    purge_old()
    assert Event.objects.filter(kind="log_cut").count() == 1


def test_the_log_is_cut_when_the_event_that_says_so_was_sealed_and_not_before(
    user: Any, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sessions_ui.audit import retention

    with time_machine.travel(timezone.now() - 181 * DAY, tick=True):
        old = append(user, 1)
        seal_events()
    with monkeypatch.context() as patch:
        patch.setattr(retention, "seal_events", lambda: None)  # the time of a run was over
        purge_old()
    assert Event.objects.filter(pk=old).exists()
    purge_old()
    assert not Event.objects.filter(pk=old).exists()
    assert Seal.objects.filter(event__in=Event.objects.filter(kind="log_cut")).count() == 1
    assert found(key.keys) == []


def test_a_batch_with_one_young_event_stays_whole(user: Any, key: Key) -> None:
    with time_machine.travel(timezone.now() - 181 * DAY, tick=True) as clock:
        old = append(user, 1)
        clock.shift(2 * DAY)
        append(user, 3)
        seal_events()
    purge_old()
    assert Event.objects.filter(pk=old).exists() and not EventDetail.objects.filter(pk=old).exists()
    assert found(key.keys) == []


def test_the_log_is_cut_in_steps_of_a_day(user: Any, key: Key) -> None:
    """Otherwise each hour's cut would be an event, and most events those of cuts."""
    now = timezone.now()
    for hours in (0, 2, 26):
        with time_machine.travel(now - 190 * DAY + timedelta(hours=hours), tick=True):
            append(user, hours)
            seal_events()
    left = []
    for hours in (1, 3, 27):
        with time_machine.travel(now - 10 * DAY + timedelta(hours=hours), tick=True):
            purge_old()
            left.append(Event.objects.exclude(kind="log_cut").count())
            seal_events()
            assert found(key.keys) == []
    assert left == [2, 2, 0]
    assert Event.objects.filter(kind="log_cut").count() == 2


def test_details_of_a_kind_go_earlier_than_their_events(
    user: Any, other_user: Any, key: Key, settings: Any
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "EVENT_DETAIL_RETENTION": {"device_renamed": 30 * DAY}}
    old, young = (append_at(timezone.now() - days * DAY, user, 1) for days in (31, 29))
    other = append_at(timezone.now() - 31 * DAY, other_user, 1, kind=Event.Kind.DEVICE_LOST)
    seal_events()
    purge_old()
    assert set(Event.objects.values_list("pk", flat=True)) == {old, young, other}
    assert set(EventDetail.objects.values_list("pk", flat=True)) == {young, other}
    assert found(key.keys) == []


def test_a_purge_that_was_stopped_half_way_is_none(
    user: Any, key: Key, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sessions_ui.audit import retention

    with time_machine.travel(timezone.now() - 181 * DAY, tick=True):
        for number in range(12):
            append(user, number)
        seal_events()
    remove, calls = retention._remove, []

    def stop(batch: Any) -> int:
        calls.append(batch)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return remove(batch)

    monkeypatch.setattr(retention, "_remove", stop)
    with pytest.raises(KeyboardInterrupt):
        purge_old()
    seal_events()
    assert found(key.keys) == []
    purge_old()
    assert Event.objects.exclude(kind="log_cut").count() == 0
    assert Event.objects.filter(kind="log_cut").count() == 1
    assert found(key.keys) == []


def test_a_new_key_is_none_as_long_as_the_former_is_believed(
    log: list[int], key: Key, make_key: Callable[[str], Key], user: Any, settings: Any
) -> None:
    new = make_key("new")
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "SEAL_KEY": new.private.read_text(),
        "SEAL_FORMER_KEYS": str(key.public),
    }
    append(user, 1)
    seal_events()
    assert "Nothing is wrong." in verify()
    assert what(found(new.keys)) == [Found.UNKNOWN_KEY] * 3
    assert what(found(key.keys)) == [Found.UNKNOWN_KEY]


def test_what_was_unsigned_at_first_is_vouched_for_by_the_next_signature(
    user: Any, settings: Any, make_key: Callable[[str], Key]
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SEAL_KEY": ""}
    append(user, 1)
    seal_events()
    key = make_key("later")
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SEAL_KEY": str(key.private)}
    append(user, 2)
    seal_events()
    assert found(key.keys) == []


# --- The command


def test_the_command_says_how_fast_it_was_and_fails_where_it_finds_something(log: list[int]) -> None:
    said = verify()
    assert "10 events and 3 checkpoints" in said and "events a second" in said and "Nothing is wrong." in said
    sql("UPDATE sessions_ui_event SET reason = 'incident' WHERE id = %s", log[0])
    said = verify()
    assert f"changed: event {log[0]} at position 1: is not what was sealed" in said
    assert said.endswith("1 found.")


def test_the_command_takes_keys_and_checkpoints_from_files(log: list[int], key: Key, tmp_path: Path) -> None:
    file = tmp_path / "emitted"
    lines = [line_of(each) for each in Checkpoint.objects.order_by("number")]
    # As a log has them, and one that was broken off.
    file.write_text(
        "".join(f"2026-11-29 INFO sessions_ui.checkpoints: {line}\n" for line in lines) + lines[0][:40]
    )
    arguments = ["--public-key", str(key.public), "--checkpoints", str(file)]
    assert "Nothing is wrong." in verify(*arguments)
    sql("DELETE FROM sessions_ui_checkpoint WHERE number = 3")
    sql("DELETE FROM sessions_ui_seal WHERE position > 8")
    assert "cut tail: checkpoint 3: the log ends at 2, though 3 was emitted" in verify(*arguments)


def test_the_file_of_the_setting_is_compared_without_being_asked(
    log: list[int], settings: Any, tmp_path: Path
) -> None:
    file = tmp_path / "checkpoints.jsonl"
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CHECKPOINT_FILE": str(file)}
    seal_events()
    assert [each.number for each in read_checkpoints(file.read_text().splitlines())] == [1, 2, 3]
    sql("DELETE FROM sessions_ui_checkpoint")
    sql("DELETE FROM sessions_ui_seal")
    sql("DELETE FROM sessions_ui_eventdetail")
    sql("DELETE FROM sessions_ui_event")
    assert "cut tail" in verify()


def test_a_log_that_is_cut_while_it_is_read_is_read_again(
    user: Any, key: Key, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sessions_ui.audit import log as reading

    with time_machine.travel(timezone.now() - 181 * DAY, tick=True):
        for number in range(12):
            append(user, number)
        seal_events()
    entries, calls = reading._entries, []

    def cut_after_the_first(after: int, last: int) -> Any:
        calls.append(after)
        if len(calls) == 2:
            purge_old()
            seal_events()
        return entries(after, last)

    monkeypatch.setattr(reading, "_entries", cut_after_the_first)
    assert "Nothing is wrong." in verify()
    assert len(calls) == 2 + 2


def test_statements_do_not_grow_with_the_batch(
    user: Any, key: Key, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal, "BATCH", 50)
    for number in range(50):
        append(user, number)
    with django_assert_max_num_queries(30):
        seal_events()
    with django_assert_max_num_queries(12):
        assert found(key.keys) == []
