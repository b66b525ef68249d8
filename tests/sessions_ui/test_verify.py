"""The offline verifier: it stands alone, keeps to RFC 9162, and finds what was done to a file."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sessions_ui import verify
from sessions_ui.verify import Found, Malformed, inclusion_path, leaf_hash, merkle_root, root_from_path
from tools import evidence

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples" / "evidence"
KEYS = verify.read_public_keys((EXAMPLES / "keys.pem").read_text())

# Anything of Django or of the app that it would import is refused.
ALONE = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("django", "celery", "config", "accounts") or (
            name.startswith("sessions_ui.") and name not in ("sessions_ui.lazy", "sessions_ui.verify")
        ):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import runpy
sys.argv = {argv}
runpy.run_module("sessions_ui.verify", run_name="__main__")
"""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    code = ALONE.format(argv=["verify", *map(str, arguments)])
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


# --- Alone


def test_it_runs_without_django_and_without_the_rest_of_the_app() -> None:
    done = run(
        EXAMPLES / "log.jsonl", "--key", EXAMPLES / "keys.pem", "--checkpoints", EXAMPLES / "emitted.jsonl"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        "5 events and 2 checkpoints, 2 of them signed" in done.stdout and "Nothing is wrong." in done.stdout
    )


def test_the_one_file_can_be_copied_and_run_by_itself(tmp_path: Path) -> None:
    copy = tmp_path / "verify.py"
    copy.write_text(Path(verify.__file__).read_text())
    command = [sys.executable, "-I", copy, EXAMPLES / "receipt.json", "--key", EXAMPLES / "keys.pem"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "event 18: kind ended, subject 42" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["receipt.json"], 2, "give --key, --checkpoints or both"),
        (["missing.json", "--key", "keys.pem"], 2, "Cannot be read"),
        (["keys.pem", "--key", "keys.pem"], 2, "Cannot be read"),
        (["receipt.json", "--key", "emitted.jsonl"], 2, "has no public key"),
        (["receipt.json", "--checkpoints", "keys.pem"], 2, "has no checkpoint"),
        (["log.jsonl", "--checkpoints", "emitted.jsonl"], 0, "Compared with 2 emitted checkpoints"),
    ],
)
def test_it_says_what_it_cannot_do(arguments: list[str], code: int, says: str) -> None:
    given = [each if each.startswith("--") else EXAMPLES / each for each in arguments]
    done = run(*given)
    assert done.returncode == code and says in done.stdout + done.stderr


def test_control_characters_of_a_file_do_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    receipt = json.loads((EXAMPLES / "receipt.json").read_text())
    receipt["entries"][0]["entry"] = receipt["entries"][0]["entry"].replace("INC-4711", "\\u001b[2J")
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt))
    assert verify.main([str(file), "--key", str(EXAMPLES / "keys.pem")]) == 1
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "arguments", "code", "says"),
    [
        (
            "cut_by_retention",
            [],
            0,
            "Cut after checkpoint 1 at 2026-11-24T14:04:30.000000Z, with a retention of 60",
        ),
        ("cut_by_retention", ["--retention", "60"], 0, "Nothing is wrong."),
        ("cut_by_retention", ["--retention", "1d"], 1, "no sealed event says that it was kept for 1 day"),
        ("cut_by_retention", ["--retention", "long"], 2, ""),
        ("changed_field", [], 1, "Nothing is proven about any event of checkpoint 1, positions 1 to 3"),
        ("sealer_stands_still", [], 1, "unsealed: event 23"),
        ("young_event", [], 0, "Made at 2026-11-24T15:00:00.000000Z, as it says."),
        ("no_unicode", [], 2, "Cannot be read: a text that is not Unicode"),
        ("former_key_missing", [], 1, "unknown key: emitted checkpoint 1"),
    ],
)
def test_what_it_says_of_an_edited_log(
    name: str,
    arguments: list[str],
    code: int,
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    edit = evidence.EDITS[name]
    log, keys = tmp_path / "log.jsonl", tmp_path / "keys.pem"
    log.write_text("\n".join(edit.lines()))
    keys.write_text(edit.keys())
    emitted = ["--checkpoints", str(EXAMPLES / "emitted.jsonl")]
    try:
        done = verify.main([str(log), "--key", str(keys), *emitted, *arguments])
    except SystemExit as stopped:
        done = int(str(stopped.code))
    assert (done, says in capsys.readouterr().out) == (code, True)


def test_a_log_that_does_not_say_when_it_was_made_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text(json.dumps({"type": verify.LOG}))
    assert verify.main([str(file), "--key", str(EXAMPLES / "keys.pem")]) == 2


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("3600", 3600), ("3600s", 3600), ("180d", 180 * 86_400)]
)
def test_a_retention_is_in_seconds_or_days(text: str, seconds: int) -> None:
    assert verify.duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "d", "-1", "1.5", "1 d", "1h", "9" * 12 + "d", "\u0663"])
def test_another_retention_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        verify.duration(text)


# --- The trees of RFC 9162


def tree_of_the_rfc(leaves: list[bytes]) -> bytes:
    """As 2.1.1 says it: the left half has the largest power of two that is smaller than the number."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    halves = tree_of_the_rfc(leaves[:split]) + tree_of_the_rfc(leaves[split:])
    return hashlib.sha256(b"\x01" + halves).digest()


@pytest.mark.parametrize("count", [*range(1, 34), 999, 1000])
def test_roots_and_proofs_are_those_of_the_rfc(count: int) -> None:
    leaves = [leaf_hash(str(number)) for number in range(count)]
    root = merkle_root(leaves)
    assert root == tree_of_the_rfc(leaves)
    for index in {0, count // 2, count - 1}:
        path = inclusion_path(leaves, index)
        assert root_from_path(leaves[index], index, count, path) == root
        assert root_from_path(leaf_hash("other"), index, count, path) != root
        assert root_from_path(leaves[index], index, count, [*path, root]) is None
        if path:
            assert root_from_path(leaves[index], index, count, path[:-1]) is None
    assert root_from_path(leaves[0], count, count, []) is None


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert merkle_root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


# --- The page for auditors


def test_the_examples_and_vectors_of_the_page_are_those_of_the_code() -> None:
    """Run `python -m tools.evidence` where the format has changed, and give it another version."""
    for name, text in evidence.files().items():
        assert (EXAMPLES / name).read_text() == text
    assert evidence.PAGE.read_text() == evidence.page(evidence.PAGE.read_text())


def test_the_vectors_have_not_changed() -> None:
    """What was sealed with the first release has to be verified by the last."""
    told = dict(evidence.vectors())
    assert told["leaf of the text `a`"] == "022a6979e6dab7aa5ae4c3e5e45f7e977112a7e63593820dbec1ec738a24f93c"
    assert told["root of the leaves of the texts `a` to `e`"] == (
        "fe14a5426fbd70c0fa73f52342afed0da0bd23c4838662ccf6b88a3070ead97b"
    )
    assert told["its commitment with the salt `000102…0f`"] == (
        "595fbc12e25642a146c4705032898d2e5f5413d7a851e7a910f2e00f7bc8e7c0"
    )
    assert told["id of the public key `d75a980182b10ab7…`"] == "21fe31dfa154a261"


def test_every_finding_is_explained_on_the_page() -> None:
    page = evidence.PAGE.read_text()
    assert [each for each in Found if f"`{each}`" not in page] == []


# --- What is found in a log


def lines_of_count(count: int) -> str:
    text: str = lines()[4]["checkpoint"]
    return text.replace('"count":3', f'"count":{count}')


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (EXAMPLES / "log.jsonl").read_text().splitlines()]


def found(records: list[dict[str, Any]], *, emitted: bool = False) -> list[str]:
    texts = (EXAMPLES / "emitted.jsonl").read_text().splitlines() if emitted else []
    read = verify.read_log(json.dumps(record) for record in records)
    findings = verify.check_log(read, keys=KEYS, emitted=verify.read_checkpoints(texts))
    return [str(finding.what) for finding in findings]


def changed_field(log: list[dict[str, Any]]) -> None:
    log[2]["entry"] = log[2]["entry"].replace("device_lost", "incident")


def changed_with_its_leaf(log: list[dict[str, Any]]) -> None:
    changed_field(log)
    log[2]["leaf"] = leaf_hash(log[2]["entry"]).hex()


def changed_leaf(log: list[dict[str, Any]]) -> None:
    log[2]["leaf"] = leaf_hash("made up").hex()


def deleted_row(log: list[dict[str, Any]]) -> None:
    del log[2]


def gone_event(log: list[dict[str, Any]]) -> None:
    log[2]["entry"] = None


def row_in_the_middle(log: list[dict[str, Any]]) -> None:
    log.insert(2, {**log[2], "entry": log[2]["entry"].replace("17", "170")})


def swapped_entries(log: list[dict[str, Any]]) -> None:
    log[1]["entry"], log[2]["entry"] = log[2]["entry"], log[1]["entry"]
    del log[1]["detail"]


def swapped_rows(log: list[dict[str, Any]]) -> None:
    log[2]["position"], log[3]["position"] = 3, 2


def changed_detail(log: list[dict[str, Any]]) -> None:
    log[1]["detail"] = log[1]["detail"].replace("192.0.2.7", "192.0.2.8")


def added_detail(log: list[dict[str, Any]]) -> None:
    log[2]["detail"] = log[1]["detail"]


def forged_signature(log: list[dict[str, Any]]) -> None:
    log[4]["signature"] = log[7]["signature"]


def changed_checkpoint(log: list[dict[str, Any]]) -> None:
    log[4]["checkpoint"] = log[4]["checkpoint"].replace("14:03", "14:04")


def missing_checkpoint(log: list[dict[str, Any]]) -> None:
    del log[4]


def missing_batch(log: list[dict[str, Any]]) -> None:
    del log[1:5]


def cut_checkpoint(log: list[dict[str, Any]]) -> None:
    del log[7]


def unsigned_end(log: list[dict[str, Any]]) -> None:
    key = json.loads(log[7]["checkpoint"])["key"]
    log[7] = {"checkpoint": log[7]["checkpoint"].replace(key, ""), "signature": ""}


def older_checkpoint(log: list[dict[str, Any]]) -> None:
    """By somebody who has the key."""
    text = log[7]["checkpoint"].replace("14:04", "13:04")
    log[7] = {
        "checkpoint": text,
        "signature": base64.b64encode(evidence.KEYS[1].sign(text.encode())).decode(),
    }


def unsealed_event(log: list[dict[str, Any]]) -> None:
    old = log[6]["entry"].replace("14:02", "12:02").replace('"id":21', '"id":99')
    log.append({"position": None, "entry": old})


@pytest.mark.parametrize(
    ("change", "findings"),
    [
        (changed_field, [Found.CHANGED]),
        (changed_with_its_leaf, [Found.REWRITTEN]),
        (changed_leaf, [Found.REWRITTEN]),
        (deleted_row, [Found.REMOVED]),
        (gone_event, [Found.REMOVED]),
        (row_in_the_middle, [Found.INSERTED]),
        (swapped_entries, [Found.SWAPPED, Found.SWAPPED]),
        (swapped_rows, [Found.SWAPPED]),
        (changed_detail, [Found.DETAIL_CHANGED]),
        (added_detail, [Found.DETAIL_ADDED]),
        (forged_signature, [Found.SIGNATURE]),
        (changed_checkpoint, [Found.SIGNATURE, Found.CHAIN]),
        (missing_checkpoint, [Found.CHAIN, Found.INSERTED, Found.INSERTED, Found.INSERTED]),
        (missing_batch, [Found.CHAIN]),
        (cut_checkpoint, [Found.CUT_TAIL, Found.CUT_TAIL]),
        (unsigned_end, [Found.UNSIGNED]),
        (older_checkpoint, [Found.CHAIN]),
        (unsealed_event, [Found.UNSEALED]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_was_done_to_a_log_is_found(
    change: Callable[[list[dict[str, Any]]], None], findings: list[str]
) -> None:
    log = lines()
    assert found(log, emitted=True) == []
    change(log)
    assert found(log) == findings


def test_a_root_that_was_sealed_over_fewer_events_does_not_hide_that_one_is_gone() -> None:
    """By somebody who has the key, and has sealed what is left: the checkpoint still counts the one that is gone."""
    log = lines()
    log[5]["entry"] = None
    left = [leaf_hash(each["entry"]) for each in log[6:7]]
    said = {**json.loads(log[7]["checkpoint"]), "root": merkle_root(left).hex()}
    text = evidence.canonical(said)
    log[7] = {
        "checkpoint": text,
        "signature": base64.b64encode(evidence.KEYS[1].sign(text.encode())).decode(),
    }
    assert found(log) == [Found.REMOVED, Found.REWRITTEN]


def test_a_cut_tail_is_found_by_what_was_emitted_and_by_nothing_else() -> None:
    log = lines()[:5]
    assert found(log) == []
    assert found(log, emitted=True) == [Found.CUT_TAIL]


def test_another_log_of_the_same_key_is_found_by_what_was_emitted() -> None:
    log = lines()
    one = json.loads(log[4]["checkpoint"])
    key = evidence.KEYS[0]
    text = evidence.canonical({**one, "at": "2026-11-24T14:03:30.000000Z"})
    log[4] = {"checkpoint": text, "signature": base64.b64encode(key.sign(text.encode())).decode()}
    assert found(log[:5]) == []
    assert found(log[:5], emitted=True) == [Found.FORKED, Found.CUT_TAIL]


def test_emitted_checkpoints_are_read_wherever_they_were_kept() -> None:
    line = (EXAMPLES / "emitted.jsonl").read_text().splitlines()[0]
    webhook = json.dumps({"type": "log.checkpoint", "timestamp": "…", "data": json.loads(line)})
    turned = json.dumps(dict(reversed(json.loads(line).items())))
    logged = [f"2026-11-24 INFO sessions_ui.checkpoints: {line} (host 7)", "2026-11-24 INFO something: else"]
    kept = [line, webhook, turned, *logged, line[:50], "", '{"other": 1}']
    assert [each.number for each in verify.read_checkpoints(kept)] == [1] * 4


def test_entries_without_end_are_not_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "MOST", 10)
    verifier = verify.Verifier()
    entries = (verify.Entry(position, "{}", leaf_hash("{}")) for position in range(1, 26))
    most = 0
    for _finding in verifier.check(entries):
        most = max(most, len(verifier._rows))
    assert most <= 11


@pytest.mark.parametrize(
    "record",
    [
        {"position": "1", "entry": "{}"},
        {"position": -1, "entry": "{}"},
        {"position": 1, "entry": 7},
        {"position": 1, "entry": "{}", "leaf": "xyz"},
        {"position": 1, "entry": "{}", "leaf": "00"},
        {"position": 1, "entry": "{}", "salt": "00 " * 16},
        {"position": 1, "entry": "{}", "salt": "00" * 15},
        {"position": 1, "entry": "{}", "salt": "AB" * 16},
        {"position": 1, "entry": "{}", "detail": "\ud800"},
        {"position": None, "entry": None},
        {"position": None, "entry": "{}"},
        {"position": 1},
        {"checkpoint": "{}", "signature": ""},
        {"checkpoint": 7},
        {"checkpoint": "no JSON", "signature": ""},
        {"checkpoint": "[" * 100_000, "signature": ""},
        {"checkpoint": lines_of_count(10**18), "signature": ""},
        {"checkpoint": lines_of_count(0), "signature": ""},
        {"something": "else"},
    ],
)
def test_what_is_of_another_form_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        found([record])


@pytest.mark.parametrize("key", ["", "rsa", "broken"])
def test_a_key_of_another_kind_is_refused(key: str) -> None:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if key == "":
        assert verify.read_public_keys("nothing") == {}
        return
    pem = "-----BEGIN PUBLIC KEY-----\nbm8=\n-----END PUBLIC KEY-----\n"
    if key == "rsa":
        public = generate_private_key(65537, 2048).public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(Malformed):
        verify.read_public_keys(pem)


def test_an_entry_of_a_receipt_is_described_by_all_that_it_says() -> None:
    facts = ("kind", "subject", "actor", "session", "device", "reason", "ticket", "act", "request")
    said = {"id": 7, "at": "then", **{name: f"<{name}>" for name in facts}}
    expected = "then  event 7: " + ", ".join(f"{name} <{name}>" for name in facts)
    assert verify._described({"entry": json.dumps(said)}) == expected
    # Nobody and nothing are left out; a number that is none is said.
    said = {"id": 7, "at": "then", "kind": "ended", "subject": None, "ticket": "", "session": 0}
    assert verify._described({"entry": json.dumps(said)}) == "then  event 7: kind ended, session 0"
