"""A receipt proves what an act or a call did, to somebody who has the public key only."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.audit import receipt as module
from sessions_ui.audit.receipt import receipt_of_act
from sessions_ui.audit.seal import seal_events
from sessions_ui.verify import Found, check_receipt, read_checkpoints
from tests.models import Act, Checkpoint, EndReason, Event, EventDetail
from tests.sessions_ui.audit.conftest import Key, append, sql, what

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("about the whole log")]


def receipt(*arguments: str) -> dict[str, Any]:
    said = io.StringIO()
    call_command("receipt", *arguments, stdout=said)
    return json.loads(said.getvalue())


@pytest.fixture
def act(user: Any, other_user: Any, browser: Any, key: Key, small_batches: None) -> str:
    """An act that ended two sessions, among events of others, sealed."""
    for each in (browser(), browser(), browser()):
        each.sign_in(user)
    browser().sign_in(other_user)
    ended = end_user_sessions(user=user, reason=EndReason.INCIDENT, ticket="INC-1")
    append(user, 1)
    seal_events()
    assert ended.act is not None
    return str(ended.act.pk)


@pytest.mark.control("SP 800-53 AU-10")
def test_the_receipt_of_an_act_has_what_it_ended_and_is_in_order(act: str, key: Key, user: Any) -> None:
    made = receipt("--act", act)
    assert check_receipt(made, keys=key.keys) == []
    entries = [json.loads(each["entry"]) for each in made["entries"]]
    assert len(entries) == 3 == made["about"]["count"]
    assert {(each["kind"], each["act"], each["ticket"], each["subject"]) for each in entries} == {
        ("ended", act, "INC-1", str(user.pk))
    }
    assert not any("detail" in each for each in made["entries"])


def test_details_are_shown_where_they_are_asked_for_and_still_there(user: Any, key: Key) -> None:
    ended = Act.objects.create(reason=EndReason.INCIDENT)
    events = [append(user, number, act=ended) for number in (1, 3)]
    seal_events()
    EventDetail.objects.filter(pk=events[0]).forget(address=None)
    erased, shown = receipt("--act", str(ended.pk), "--details")["entries"]
    assert "detail" not in erased and json.loads(shown["detail"])["address"] == "192.0.2.3"
    made = receipt("--act", str(ended.pk), "--details")
    assert check_receipt(made, keys=key.keys) == []
    made["entries"][1]["detail"] = shown["detail"].replace("192.0.2.3", "192.0.2.4")
    assert what(check_receipt(made, keys=key.keys)) == [Found.DETAIL_CHANGED]


def test_the_first_event_of_all_has_its_receipt(user: Any, key: Key) -> None:
    ended = Act.objects.create(reason=EndReason.INCIDENT)
    first = append(user, 2, act=ended)  # without a detail, which would refer to it
    sql("UPDATE sessions_ui_event SET id = 1 WHERE id = %s", first)
    seal_events()
    made = receipt("--act", str(ended.pk))
    assert check_receipt(made, keys=key.keys) == [] and len(made["entries"]) == 1


def test_a_call_at_the_help_desk_has_its_steps_and_its_acts(
    user: Any, administrator: Any, browser: Any, key: Key, settings: Any
) -> None:
    from sessions_ui.actions.help_desk.caller import verify_caller
    from sessions_ui.actions.help_desk.carry_out import carry_out
    from sessions_ui.actions.help_desk.open import open_case
    from sessions_ui.actions.help_desk.order import Order
    from tests.models import Device

    for each in (browser(), browser()):
        each.sign_in(user)
    case = open_case(agent=administrator, term=user.email)
    verify_caller(case=case, agent=administrator, ticket="T-1", reason="lost", ways=["manager"])
    device = Device.objects.filter(user=user).order_by("pk").first()
    carry_out(case=case, agent=administrator, order=Order(chosen=(device.public_id,)), nonce="n")
    seal_events()
    made = receipt("--case", case.public_id)
    entries = [json.loads(each["entry"]) for each in made["entries"]]
    steps = [each["data"]["step"] for each in entries if each["kind"] == "help_desk"]
    assert steps == ["opened", "verified", "carried out"]
    assert [each["ticket"] for each in entries] == ["", "T-1", "T-1", "T-1"]
    assert [each["device"] for each in entries if each["kind"] == "ended"] == [device.pk]
    assert check_receipt(made, keys=key.keys) == []


def test_a_call_to_which_a_second_agent_has_agreed_says_so(
    user: Any, administrator: Any, agent: Any, key: Key
) -> None:
    from sessions_ui.actions.help_desk.caller import verify_caller
    from sessions_ui.actions.help_desk.open import open_case
    from sessions_ui.actions.help_desk.prove import approve, ask_for_approval

    case = open_case(agent=administrator, term=user.email)
    open_case(agent=agent, term=user.email)
    verify_caller(case=case, agent=administrator, ticket="T-1", reason="lost", ways=["manager"])
    ask_for_approval(case=case, agent=administrator)
    approve(case=case, approver=agent, user=user)
    seal_events()
    made = receipt("--case", case.public_id)
    entries = [json.loads(each["entry"]) for each in made["entries"]]
    assert [(each["data"]["step"], each["actor"]) for each in entries] == [
        ("opened", str(administrator.pk)),
        ("verified", str(administrator.pk)),
        ("approval asked for", str(administrator.pk)),
        ("proven", str(agent.pk)),
    ]
    assert check_receipt(made, keys=key.keys) == []


def test_a_large_act_is_read_page_by_page_and_proven_as_a_whole(
    user: Any, key: Key, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 3)
    ended = Act.objects.create(reason=EndReason.INCIDENT)
    late = append(user, 0, act=ended)
    row = Event.objects.filter(pk=late).values().get()
    sql("DELETE FROM sessions_ui_event WHERE id = %s", late)  # as of a transaction that commits later
    made_before = [append(user, number, act=ended) for number in range(0, 20, 2)]
    seal_events()
    Event.objects.bulk_create([Event(**row)])
    append(user, 20)
    seal_events()
    pieces = receipt_of_act(ended)
    with CaptureQueriesContext(connection) as until_the_first:
        begin = next(pieces) + next(pieces)
    assert '"entries"' in begin and len(until_the_first) <= 6
    made = json.loads(begin + "".join(pieces))
    assert [json.loads(each["entry"])["id"] for each in made["entries"]] == [late, *made_before]
    assert check_receipt(made, keys=key.keys) == []


def test_what_is_not_sealed_yet_has_no_receipt(act: str, user: Any, browser: Any) -> None:
    browser().sign_in(user)
    ended = end_user_sessions(user=user, reason=EndReason.INCIDENT)
    assert ended.act is not None
    with pytest.raises(CommandError, match="1 of its events are not sealed yet"):
        receipt("--act", str(ended.act.pk))
    with pytest.raises(CommandError, match="no act or call with this id"):
        receipt("--act", "00000000-0000-4000-8000-000000000000")


# --- What is found in one


def test_a_changed_field_is_found(act: str, key: Key) -> None:
    made = receipt("--act", act)
    made["entries"][0]["entry"] = made["entries"][0]["entry"].replace("INC-1", "INC-2")
    assert what(check_receipt(made, keys=key.keys)) == [Found.CHANGED]


def test_a_row_that_was_changed_in_the_database_is_found(act: str, key: Key) -> None:
    sql("UPDATE sessions_ui_event SET ticket = 'INC-2' WHERE ticket = 'INC-1'")
    assert what(check_receipt(receipt("--act", act), keys=key.keys)) == [Found.CHANGED] * 3


def test_entries_in_each_others_place_are_found(act: str, key: Key) -> None:
    made = receipt("--act", act)
    one, two = made["entries"][0], made["entries"][1]
    one["entry"], two["entry"] = two["entry"], one["entry"]
    assert what(check_receipt(made, keys=key.keys)) == [Found.CHANGED, Found.CHANGED]


def test_a_forged_checkpoint_is_found(act: str, key: Key, make_key: Callable[[str], Key]) -> None:
    made = receipt("--act", act)
    assert set(what(check_receipt(made, keys=make_key("other").keys))) == {Found.UNKNOWN_KEY}
    made["checkpoints"][0]["signature"] = made["checkpoints"][-1]["signature"][::-1].replace("=", "") + "=="
    assert what(check_receipt(made, keys=key.keys)) == [Found.SIGNATURE]
    made["checkpoints"] = made["checkpoints"][1:]
    assert Found.PROOF in what(check_receipt(made, keys=key.keys))


def test_without_a_key_only_what_was_emitted_is_believed(user: Any, settings: Any) -> None:
    from sessions_ui.audit.checkpoints import line_of

    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SEAL_KEY": ""}
    ended = Act.objects.create(reason=EndReason.INCIDENT)
    append(user, 1, act=ended)
    seal_events()
    made = receipt("--act", str(ended.pk))
    assert what(check_receipt(made)) == [Found.UNSIGNED]
    emitted = list(read_checkpoints(map(line_of, Checkpoint.objects.all())))
    assert check_receipt(made, emitted=emitted) == []


def test_what_was_sealed_before_there_was_a_key_is_proven_by_the_next_signature(
    user: Any, settings: Any, make_key: Callable[[str], Key]
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SEAL_KEY": ""}
    ended = Act.objects.create(reason=EndReason.INCIDENT)
    append(user, 1, act=ended)
    for number in range(2):
        append(user, number)
        seal_events()
    key = make_key("later")
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SEAL_KEY": str(key.private)}
    append(user, 2)
    seal_events()
    made = receipt("--act", str(ended.pk))
    assert len(made["checkpoints"]) == 3
    assert check_receipt(made, keys=key.keys) == []
    del made["checkpoints"][1]
    assert what(check_receipt(made, keys=key.keys)) == [Found.UNSIGNED]


def test_an_act_of_which_nothing_is_kept_any_more_has_none(user: Any, key: Key) -> None:
    ended = Act.objects.create(reason=EndReason.INCIDENT)
    assert not Event.objects.filter(act=ended).exists()
    with pytest.raises(CommandError, match="older than the retention time"):
        receipt("--act", str(ended.pk))


def test_the_file_is_checked_by_the_offline_verifier(act: str, key: Key, tmp_path: Path) -> None:
    from sessions_ui.verify import main

    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt("--act", act)))
    assert main([str(file), "--key", str(key.public)]) == 0
    file.write_text(file.read_text().replace("INC-1", "INC-9"))
    assert main([str(file), "--key", str(key.public)]) == 1
