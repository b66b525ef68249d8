"""`python -m tools.evidence`: the examples and test vectors of docs/evidence.md, always the same ones."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sessions_ui import verify

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = DOCS / "evidence.md"
EXAMPLES = DOCS / "examples" / "evidence"
BEGIN, END = "<!-- python -m tools.evidence: begin -->", "<!-- python -m tools.evidence: end -->"
EDITS_BEGIN = "<!-- python -m tools.evidence, edits: begin -->"
EDITS_END = "<!-- python -m tools.evidence, edits: end -->"

# RFC 8032, 7.1: the secret keys of tests 1 and 2.
SEEDS = (
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
)
KEYS = [Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed)) for seed in SEEDS]
SALT = bytes(range(16))
ACT = "6f1c6f0e-1f0a-4f7e-9a55-0f6c2f3f9c52"


def canonical(said: dict[str, Any]) -> str:
    return json.dumps(said, sort_keys=True, separators=(",", ":"))


DETAIL = canonical({"address": "192.0.2.7", "text": "", "user_agent": "Firefox"})


def entry(number: int, kind: str, **more: Any) -> str:
    said: dict[str, Any] = {
        "act": None,
        "actor": "42",
        "at": f"2026-11-24T14:02:{number:02}.000000Z",
        "data": {},
        "detail": None,
        "device": 7,
        "id": 16 + number,
        "kind": kind,
        "reason": "",
        "request": f"{number:032x}",
        "session": 812,
        "subject": "42",
        "ticket": "",
        "type": verify.EVENT,
    }
    return canonical({**said, **more})


def entries() -> list[str]:
    return [
        entry(1, "signed_in", detail=verify.commitment(SALT, DETAIL).hex(), data={"method": "password"}),
        entry(2, "ended", act=ACT, reason="device_lost", ticket="INC-4711"),
        entry(3, "device_lost", act=ACT, session=None, data={"name": "B\u00fcro"}, ticket="INC-4711"),
        entry(4, "signed_in", session=813, detail=verify.commitment(bytes(16), DETAIL).hex()),
        entry(5, "ended", session=813, reason="signed_out"),
    ]


def key_id(key: Ed25519PrivateKey) -> str:
    return verify.key_id(key.public_key().public_bytes_raw())


def checkpoint(
    number: int, first: int, texts: list[str], previous: str, key: Ed25519PrivateKey
) -> dict[str, str]:
    text = canonical(
        {
            "at": f"2026-11-24T14:0{number + 2}:00.000000Z",
            "count": len(texts),
            "first": first,
            "key": key_id(key),
            "newest": json.loads(texts[-1])["at"],
            "number": number,
            "previous": previous,
            "root": verify.merkle_root([verify.leaf_hash(each) for each in texts]).hex(),
            "type": verify.CHECKPOINT,
        }
    )
    return {"checkpoint": text, "signature": base64.b64encode(key.sign(text.encode())).decode()}


def checkpoints() -> list[dict[str, str]]:
    texts = entries()
    first = checkpoint(1, 1, texts[:3], verify.NOTHING_BEFORE, KEYS[0])
    before = verify.checkpoint_hash(first["checkpoint"]).hex()
    return [first, checkpoint(2, 4, texts[3:], before, KEYS[1])]


def log() -> str:
    texts, (one, two) = entries(), checkpoints()
    lines: list[dict[str, Any]] = [{"type": verify.LOG, "made_at": "2026-11-24T15:00:00.000000Z"}]
    for position, text in enumerate(texts, 1):
        line = {"position": position, "entry": text, "leaf": verify.leaf_hash(text).hex()}
        if position == 1:
            line |= {"detail": DETAIL, "salt": SALT.hex()}
        lines.append(line)
        if position == 3:
            lines.append(one)
    return "".join(json.dumps(line) + "\n" for line in [*lines, two])


def receipt() -> str:
    texts, (one, _two) = entries(), checkpoints()
    leaves = [verify.leaf_hash(text) for text in texts[:3]]
    shown = [
        {
            "position": position,
            "entry": texts[position - 1],
            "path": [node.hex() for node in verify.inclusion_path(leaves, position - 1)],
        }
        for position in (2, 3)
    ]
    about = {
        "act": ACT,
        "at": "2026-11-24T14:02:02.000000Z",
        "reason": "device_lost",
        "ticket": "INC-4711",
        "count": 1,
    }
    said: dict[str, Any] = {
        "type": verify.RECEIPT,
        "made_at": "2026-11-24T15:00:00.000000Z",
        "about": about,
        "entries": shown,
        "checkpoints": [one],
    }
    return json.dumps(said, indent=2) + "\n"


def keys() -> str:
    return "".join(
        f"{key_id(key)}\n"
        + key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        for key in KEYS
    )


def emitted() -> str:
    return "".join(json.dumps(each) + "\n" for each in checkpoints())


def files() -> dict[str, str]:
    return {"log.jsonl": log(), "receipt.json": receipt(), "keys.pem": keys(), "emitted.jsonl": emitted()}


def vectors() -> Iterator[tuple[str, str]]:
    letters = [verify.leaf_hash(letter) for letter in "abcdefg"]
    yield "leaf of the text `a`", letters[0].hex()
    for count in (1, 2, 3, 5, 7):
        yield (
            f"root of the leaves of the texts `a` to `{'abcdefg'[count - 1]}`",
            verify.merkle_root(letters[:count]).hex(),
        )
    path = ", ".join(node.hex()[:16] + "…" for node in verify.inclusion_path(letters, 4))
    yield "inclusion proof of `e` among `a` to `g`", path
    yield "detail", f"`{DETAIL}`"
    yield "its commitment with the salt `000102…0f`", verify.commitment(SALT, DETAIL).hex()
    for key in KEYS:
        yield f"id of the public key `{key.public_key().public_bytes_raw().hex()[:16]}…`", key_id(key)
    one, two = checkpoints()
    yield "leaf of the first entry of `log.jsonl`", verify.leaf_hash(entries()[0]).hex()
    yield "hash of its checkpoint 1", verify.checkpoint_hash(one["checkpoint"]).hex()
    yield "hash of its checkpoint 2", verify.checkpoint_hash(two["checkpoint"]).hex()
    yield "signature of its checkpoint 1", one["signature"]
    for name, text in files().items():
        yield f"SHA-256 of `{name}`", hashlib.sha256(text.encode()).hexdigest()


# --- What is done to the log, and what is found

Records = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Edit:
    """Something that is done to the records of `log.jsonl`, and what it is checked with."""

    what: str
    records: Callable[[], Records]
    emitted: bool = True
    retention: int = 0  # seconds
    last_key_only: bool = False

    def lines(self) -> list[str]:
        return [json.dumps(record) for record in self.records()]

    def keys(self) -> str:
        text = keys()
        return text[text.index(key_id(KEYS[1])) :] if self.last_key_only else text

    def words(self) -> list[str]:
        """What the offline verifier finds, each word once."""
        lines = self.lines()
        try:
            findings = verify.check_log(
                verify.read_log(lines),
                keys=verify.read_public_keys(self.keys()),
                emitted=verify.read_checkpoints(emitted().splitlines()) if self.emitted else (),
                made_at=verify.moment(json.loads(lines[0])["made_at"]),
                retention=timedelta(seconds=self.retention),
            )
            return sorted({str(finding.what) for finding in findings})
        except verify.Malformed:
            return ["unreadable"]


EDITS: dict[str, Edit] = {}


def records() -> Records:
    return [json.loads(line) for line in log().splitlines()]


def edit(
    what: str, **more: Any
) -> Callable[[Callable[[Records], Records | None]], Callable[[Records], Records | None]]:
    """Register a function that changes the records, or returns others."""

    def register(change: Callable[[Records], Records | None]) -> Callable[[Records], Records | None]:
        def changed() -> Records:
            before = records()
            after = change(before)
            return before if after is None else after

        EDITS[change.__name__] = Edit(what, changed, **more)
        return change

    return register


def replaced(record: dict[str, Any], name: str, before: str, after: str) -> None:
    assert before in record[name]
    record[name] = record[name].replace(before, after)


def with_leaf(record: dict[str, Any]) -> None:
    record["leaf"] = verify.leaf_hash(record["entry"]).hex()


def line_of(position: int | None, text: str) -> dict[str, Any]:
    line: dict[str, Any] = {"position": position, "entry": text}
    return line if position is None else {**line, "leaf": verify.leaf_hash(text).hex()}


def cut_event(retention: int) -> str:
    """An event that says that the log was cut after checkpoint 1, two and a half minutes after its newest event."""
    data = {"checkpoint": 1, "retention": retention}
    return entry(6, "log_cut", at="2026-11-24T14:04:30.000000Z", data=data, actor=None, subject=None)


def cut_log(retention: int) -> Records:
    """The log after the events of its first batch were removed, with the event that says so in a batch of its own."""
    before, text = records(), cut_event(retention)
    previous = verify.checkpoint_hash(before[7]["checkpoint"]).hex()
    return [before[0], *before[4:], line_of(6, text), checkpoint(3, 6, [text], previous, KEYS[1])]


@edit("nothing")
def untouched(log: Records) -> None:
    pass


@edit("line 3: `INC-4711` becomes `INC-4712`")
def changed_field(log: Records) -> None:
    replaced(log[2], "entry", "INC-4711", "INC-4712")


@edit("the same, and its `leaf` with it")
def changed_field_and_leaf(log: Records) -> None:
    changed_field(log)
    with_leaf(log[2])


@edit("line 3: another `leaf`")
def changed_leaf(log: Records) -> None:
    log[2]["leaf"] = "0" * 64


@edit("line 3 is taken out")
def deleted_row(log: Records) -> None:
    del log[2]


@edit("line 3: `entry` becomes null")
def gone_event(log: Records) -> None:
    log[2]["entry"] = None


@edit("a changed copy of line 3 is put in after it")
def inserted_row(log: Records) -> None:
    log.insert(3, dict(log[2]))
    replaced(log[3], "entry", "INC-4711", "INC-4712")
    with_leaf(log[3])


@edit("lines 3 and 4 exchange their `entry`")
def swapped_entries(log: Records) -> None:
    log[2]["entry"], log[3]["entry"] = log[3]["entry"], log[2]["entry"]


@edit("lines 3 and 4 exchange their `position`")
def swapped_rows(log: Records) -> None:
    log[2]["position"], log[3]["position"] = 3, 2


@edit("lines 3 and 4 are exchanged as they are")
def swapped_lines(log: Records) -> None:
    log[2], log[3] = log[3], log[2]


@edit("line 3 becomes what line 6 is, and the other way round")
def swapped_over_batches(log: Records) -> None:
    log[2], log[5] = log[5], log[2]


@edit("line 3 is changed, line 4 with its `leaf`")
def changed_and_rewritten(log: Records) -> None:
    changed_field(log)
    replaced(log[3], "entry", "INC-4711", "INC-4712")
    with_leaf(log[3])


@edit("line 2: the address of the detail is another")
def changed_detail(log: Records) -> None:
    replaced(log[1], "detail", "192.0.2.7", "192.0.2.8")


@edit("the same, and the `salt` is taken out")
def changed_detail_without_salt(log: Records) -> None:
    changed_detail(log)
    del log[1]["salt"]


@edit("line 3 gets the detail and the salt of line 2")
def added_detail(log: Records) -> None:
    log[2] |= {"detail": log[1]["detail"], "salt": log[1]["salt"]}


@edit("line 2: detail and salt are taken out, as erasing does")
def erased_detail(log: Records) -> None:
    del log[1]["detail"], log[1]["salt"]


@edit("lines 6 to 8 are taken out")
def cut_tail(log: Records) -> None:
    del log[5:]


@edit("the same, without `emitted.jsonl`", emitted=False)
def cut_tail_unnoticed(log: Records) -> None:
    del log[5:]


@edit("line 8 is taken out")
def cut_checkpoint(log: Records) -> None:
    del log[7]


@edit("line 5 is taken out")
def missing_checkpoint(log: Records) -> None:
    del log[4]


@edit("line 5 has the signature of line 8")
def forged_signature(log: Records) -> None:
    log[4]["signature"] = log[7]["signature"]


@edit("line 8: `key` and `signature` become empty")
def unsigned_end(log: Records) -> None:
    replaced(log[7], "checkpoint", key_id(KEYS[1]), "")
    log[7]["signature"] = ""


@edit("line 7 is changed, and line 8 made anew by the sealer")
def sealed_again(log: Records) -> None:
    replaced(log[6], "entry", "signed_out", "incident")
    with_leaf(log[6])
    previous = verify.checkpoint_hash(log[4]["checkpoint"]).hex()
    log[7] = checkpoint(2, 4, [log[5]["entry"], log[6]["entry"]], previous, KEYS[1])


@edit("the same, without `emitted.jsonl`", emitted=False)
def sealed_again_unnoticed(log: Records) -> None:
    sealed_again(log)


@edit("nothing, and of `keys.pem` only the second key is given", last_key_only=True)
def former_key_missing(log: Records) -> None:
    pass


@edit("lines 2 to 4 are taken out")
def cut_head(log: Records) -> None:
    del log[1:4]


@edit("the same, and an event in no batch says that it was a cut, with a retention of 0")
def cut_by_forged_event(log: Records) -> None:
    del log[1:4]
    log.append(line_of(None, cut_event(0)))


@edit("the same, with the event in a batch, and a retention of 60 seconds")
def cut_by_retention(log: Records) -> Records:
    return cut_log(60)


@edit("the same, where a day was agreed on (`--retention 1d`)", retention=86_400)
def cut_by_less_than_agreed(log: Records) -> Records:
    return cut_log(60)


@edit("the same, with a retention of an hour, which what is gone was not old")
def cut_too_young(log: Records) -> Records:
    return cut_log(3600)


@edit("the same, with that hour made 60 seconds in the event")
def cut_by_changed_event(log: Records) -> Records:
    cut = cut_log(3600)
    replaced(cut[-2], "entry", "3600", "60")
    return cut


@edit("an event of two hours before is sealed in a third batch")
def late_commit(log: Records) -> None:
    text = entry(7, "ended", at="2026-11-24T12:02:00.000000Z")
    previous = verify.checkpoint_hash(log[7]["checkpoint"]).hex()
    log += [line_of(6, text), checkpoint(3, 6, [text], previous, KEYS[1])]


@edit("an event of a minute before the export is in no batch")
def young_event(log: Records) -> None:
    log.append(line_of(None, entry(7, "ended", at="2026-11-24T14:59:00.000000Z")))


@edit("the same, and `made_at` is two hours later")
def sealer_stands_still(log: Records) -> None:
    young_event(log)
    log[0]["made_at"] = "2026-11-24T17:00:00.000000Z"


@edit("the same, and there is nothing else")
def sealer_never_ran(log: Records) -> Records:
    sealer_stands_still(log)
    return [log[0], log[-1]]


@edit("the same, with the log, and an `id` that is less than sealed ones")
def inserted_late(log: Records) -> None:
    sealer_stands_still(log)
    replaced(log[-1], "entry", '"id":23', '"id":3')


@edit("an event of 12:02 is in no batch, and `made_at` says 12:30 of that day")
def made_before_its_end(log: Records) -> None:
    log[0]["made_at"] = "2026-11-24T12:30:00.000000Z"
    log.append(line_of(None, entry(7, "ended", at="2026-11-24T12:02:00.000000Z")))


@edit("line 2: a salt of 31 digits")
def short_salt(log: Records) -> None:
    log[1]["salt"] = log[1]["salt"][1:]


@edit("line 3: half a surrogate pair in `entry`")
def no_unicode(log: Records) -> None:
    replaced(log[2], "entry", "INC-4711", "\ud800")


@edit("an event in no batch stands before line 8")
def loose_in_the_middle(log: Records) -> None:
    log.insert(7, line_of(None, entry(7, "ended")))


def edits() -> str:
    rows = "".join(
        f"| {each.what} | {', '.join(f'*{word}*' for word in each.words()) or 'nothing'} |\n"
        for each in EDITS.values()
    )
    return f"| what is done to `log.jsonl` | what is found |\n|---|---|\n{rows}"


def page(text: str) -> str:
    """The page with the vectors and edits of today between their marks."""
    before, _, rest = text.partition(EDITS_BEGIN)
    text = f"{before}{EDITS_BEGIN}\n{edits()}{EDITS_END}{rest.partition(EDITS_END)[2]}"
    rows = "".join(
        f"| {name} | {value if value.startswith('`') else f'`{value}`'} |\n" for name, value in vectors()
    )
    before, _between, after = text.partition(BEGIN)[0], None, text.partition(END)[2]
    return f"{before}{BEGIN}\n| what | value |\n|---|---|\n{rows}{END}{after}"


def main() -> None:
    EXAMPLES.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (EXAMPLES / name).write_text(text)
    PAGE.write_text(page(PAGE.read_text()))


if __name__ == "__main__":
    main()
