"""Two verifiers that share nothing but docs/evidence.md say the same of what was done to a log or a receipt."""

from __future__ import annotations

import ast
import copy
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sessions_ui import verify
from tests.sessions_ui.audit import second_verifier
from tools import evidence

WORDS = {
    "untouched": [],
    "changed_field": ["changed"],
    "changed_field_and_leaf": ["rewritten"],
    "changed_leaf": ["rewritten"],
    "deleted_row": ["removed"],
    "gone_event": ["removed"],
    "inserted_row": ["inserted"],
    "swapped_entries": ["swapped"],
    "swapped_rows": ["swapped"],
    "swapped_lines": [],
    "swapped_over_batches": ["inserted", "removed"],
    "changed_and_rewritten": ["changed", "rewritten"],
    "changed_detail": ["detail changed"],
    "changed_detail_without_salt": ["detail not proven"],
    "added_detail": ["detail added"],
    "erased_detail": [],
    "cut_tail": ["cut tail"],
    "cut_tail_unnoticed": [],
    "cut_checkpoint": ["cut tail"],
    "missing_checkpoint": ["broken chain", "inserted"],
    "forged_signature": ["forged signature"],
    "unsigned_end": ["not the emitted one", "unsigned"],
    "sealed_again": ["not the emitted one"],
    "sealed_again_unnoticed": [],
    "former_key_missing": ["unknown key"],
    "cut_head": ["cut head"],
    "cut_by_forged_event": ["cut head"],
    "cut_by_retention": [],
    "cut_by_less_than_agreed": ["cut head"],
    "cut_too_young": ["cut head"],
    "cut_by_changed_event": ["changed", "cut head"],
    "late_commit": [],
    "young_event": [],
    "sealer_stands_still": ["unsealed"],
    "sealer_never_ran": ["cut tail", "unsealed"],
    "inserted_late": ["inserted"],
    "made_before_its_end": ["unsealed"],
    "short_salt": ["unreadable"],
    "no_unicode": ["unreadable"],
    "loose_in_the_middle": ["unreadable"],
}


def second(check: Callable[[], list[str]]) -> list[str]:
    try:
        return sorted({finding.partition(":")[0] for finding in check()})
    except second_verifier.Unreadable:
        return ["unreadable"]


def test_every_edit_of_the_page_is_expected_here() -> None:
    assert list(evidence.EDITS) == list(WORDS)


@pytest.mark.parametrize("name", WORDS)
def test_both_say_the_same_of_an_edited_log(name: str) -> None:
    edit = evidence.EDITS[name]
    emitted = evidence.emitted().splitlines() if edit.emitted else []
    assert edit.words() == WORDS[name]
    assert (
        second(lambda: second_verifier.findings_of_log(edit.lines(), edit.keys(), emitted, edit.retention))
        == WORDS[name]
    )


def changed_by_chance(chance: random.Random) -> list[str]:
    """The lines of an edited log, with one to three further changes."""
    log = chance.choice(list(evidence.EDITS.values())).records()
    for _change in range(chance.randint(1, 3)):
        place, other = (chance.randrange(1, max(2, len(log))) for _two in range(2))
        if max(place, other) >= len(log):
            break
        record = log[place]
        text = "entry" if record.get("entry") else "checkpoint"
        match chance.randrange(6):
            case 0:
                del log[place]
            case 1:
                log.insert(other, copy.deepcopy(record))
            case 2:
                log[place], log[other] = log[other], record
            case 3:
                record[chance.choice(["position", "entry", "leaf", "detail", "salt"])] = chance.choice(VALUES)
            case 4 if isinstance(record.get(text), str):
                said = json.loads(record[text])
                said[chance.choice(list(said))] = chance.choice(VALUES)
                record[text] = json.dumps(said)
                if chance.random() < 0.5 and "leaf" in record:
                    evidence.with_leaf(record)
            case _ if names := sorted(record.keys() & log[other].keys()):
                name = chance.choice(names)
                record[name], log[other][name] = log[other][name], record[name]
    return [json.dumps(record) for record in log]


VALUES = [None, "", 0, 1, 2, 5, 3.0, True, "0" * 64, "00" * 16, "x", 18, "2026-11-24T12:04:00.000000Z", []]


@pytest.mark.parametrize("seed", range(300))
def test_both_say_the_same_of_a_log_that_was_changed_by_chance(seed: int) -> None:
    chance = random.Random(seed)
    lines, emitted = changed_by_chance(chance), chance.choice([[], evidence.emitted().splitlines()])
    keys = evidence.keys()

    def first() -> list[str]:
        findings = verify.check_log(
            verify.read_log(lines),
            keys=verify.read_public_keys(keys),
            emitted=verify.read_checkpoints(emitted),
            made_at=verify.moment(json.loads(lines[0])["made_at"]),
        )
        try:
            return sorted({str(finding.what) for finding in findings})
        except verify.Malformed:
            return ["unreadable"]

    assert first() == second(lambda: second_verifier.findings_of_log(lines, keys, emitted))


Receipt = dict[str, Any]


def changed(receipt: Receipt) -> None:
    evidence.replaced(receipt["entries"][0], "entry", "INC-4711", "INC-4712")


def other_position(receipt: Receipt) -> None:
    receipt["entries"][0]["position"] = 4


def short_path(receipt: Receipt) -> None:
    receipt["entries"][0]["path"].pop()


def forged(receipt: Receipt) -> None:
    receipt["checkpoints"][0]["signature"] = evidence.checkpoints()[1]["signature"]


def unsigned(receipt: Receipt) -> None:
    one = receipt["checkpoints"][0]
    evidence.replaced(one, "checkpoint", evidence.key_id(evidence.KEYS[0]), "")
    one["signature"] = ""


def unknown(receipt: Receipt) -> None:
    evidence.replaced(receipt["checkpoints"][0], "checkpoint", evidence.key_id(evidence.KEYS[0]), "0" * 16)


def unproven(receipt: Receipt) -> None:
    text = evidence.entries()[0]
    leaves = [verify.leaf_hash(each) for each in evidence.entries()[:3]]
    path = [node.hex() for node in verify.inclusion_path(leaves, 0)]
    receipt["entries"].append(
        {"position": 1, "entry": text, "path": path, "detail": evidence.DETAIL.replace("192", "193")}
    )


def no_checkpoint(receipt: Receipt) -> None:
    receipt["checkpoints"].clear()


def no_entries(receipt: Receipt) -> None:
    receipt["entries"].clear()


def no_path(receipt: Receipt) -> None:
    del receipt["entries"][0]["path"]


def no_object(receipt: Receipt) -> None:
    receipt["checkpoints"].append(1)


def no_position(receipt: Receipt) -> None:
    receipt["entries"][0]["position"] = None


@pytest.mark.parametrize("with_emitted", [False, True])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda receipt: None, []),
        (changed, ["changed"]),
        (other_position, ["wrong proof"]),
        (short_path, ["changed"]),
        (forged, ["forged signature"]),
        (unsigned, ["unsigned"]),
        (unknown, ["unknown key"]),
        (unproven, ["detail not proven"]),
        (no_checkpoint, ["wrong proof"]),
        (no_entries, ["unreadable"]),
        (no_path, ["unreadable"]),
        (no_object, ["unreadable"]),
        (no_position, ["unreadable"]),
    ],
)
def test_both_say_the_same_of_an_edited_receipt(
    change: Callable[[Receipt], None], words: list[str], with_emitted: bool
) -> None:
    receipt = json.loads(evidence.receipt())
    change(receipt)
    emitted = evidence.emitted().splitlines() if with_emitted else []
    if with_emitted and change in (unsigned, unknown):
        words = ["not the emitted one"]
    assert first_of_receipt(receipt, emitted) == words
    text = json.dumps(receipt)
    assert second(lambda: second_verifier.findings_of_receipt(text, evidence.keys(), emitted)) == words


def first_of_receipt(receipt: Receipt, emitted: list[str]) -> list[str]:
    keys = verify.read_public_keys(evidence.keys())
    try:
        found = verify.check_receipt(receipt, keys=keys, emitted=verify.read_checkpoints(emitted))
    except verify.Malformed:
        return ["unreadable"]
    return sorted({str(finding.what) for finding in found})


def test_the_second_verifier_is_independent() -> None:
    tree = ast.parse(Path(second_verifier.__file__).read_text("utf-8"))
    names = {each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= {*sys.stdlib_module_names, "cryptography"}
