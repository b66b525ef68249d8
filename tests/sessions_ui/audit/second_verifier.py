"""Verify a sealed log or a receipt: a second verifier, written from docs/evidence.md alone.

    python second_verifier.py FILE --key keys.pem [--checkpoints emitted.jsonl] [--retention SECONDS]

Somebody wrote it who had read nothing else, and it imports nothing of sessions_ui: it shows that the page says enough,
and that both give the same words. One line for each finding; exit 0 when nothing is found, 1 otherwise, 2 for what is
unreadable.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count, pairwise
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

LOG, RECEIPT = "sessions_ui/log/v1", "sessions_ui/receipt/v1"
EVENT, CHECKPOINT = "sessions_ui/event/v1", "sessions_ui/checkpoint/v1"
HOUR = timedelta(hours=1)
BAD = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)  # of unreadable input


class Unreadable(Exception):
    """A file is not of the form that the document gives."""


def leaf_hash(text: str) -> str:
    """Hash the text of an entry."""
    return sha256(b"\0" + text.encode()).hexdigest()


def node_hash(left: str, right: str) -> str:
    """Hash two nodes to the one above them."""
    return sha256(b"\1" + bytes.fromhex(left) + bytes.fromhex(right)).hexdigest()


def merkle_root(leaves: Sequence[str]) -> str:
    """Return the Merkle tree hash (RFC 9162, 2.1.1) of one or more leaves."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(merkle_root(leaves[:half]), merkle_root(leaves[half:]))


def root_of_path(leaf: str, index: int, size: int, path: Sequence[str]) -> str:
    """Return the root to which an inclusion proof leads (RFC 9162, 2.1.3.2); "" if it leads nowhere."""
    node, last = leaf, size - 1
    for step in path:
        if last == 0:
            return ""
        if index & 1 or index == last:
            node = node_hash(step, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = node_hash(node, step)
        index, last = index >> 1, last >> 1
    return node if last == 0 else ""


def moment(text: str) -> datetime:
    """Read a time: UTC, six digits of microseconds, Z."""
    if len(text) != 27:
        raise ValueError(f"not a time: {text!r}")
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")


def whole(value: Any) -> int:
    """Accept a whole number that is not negative, nothing else."""
    if type(value) is not int or value < 0:
        raise ValueError(f"not a whole number: {value!r}")
    return value


def hexadecimal(value: Any, digits: int = 64) -> str:
    """Accept so many hexadecimal digits, nothing else."""
    if not isinstance(value, str) or not re.fullmatch(f"[0-9a-f]{{{digits}}}", value, re.ASCII):
        raise ValueError(f"not {digits} hexadecimal digits: {value!r}")
    return value


def text_of(value: Any) -> str:
    """Accept a text that UTF-8 can say."""
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r}")
    value.encode()
    return value


def json_object(text: str | None) -> dict[str, Any]:
    """Return what a JSON text holds; nothing where that is no object."""
    try:
        found = json.loads(text or "null")
    except BAD:
        return {}
    return found if isinstance(found, dict) else {}


def public_keys(pem: str) -> dict[str, Ed25519PublicKey]:
    """Return the Ed25519 keys of a PEM text by their ids; text between the blocks is a comment."""
    blocks = re.findall(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", pem, re.DOTALL)
    keys = [
        key for key in map(load_pem_public_key, map(str.encode, blocks)) if isinstance(key, Ed25519PublicKey)
    ]
    return {sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]: key for key in keys}


class Checkpoint:
    """A checkpoint, with its text as it was signed; one of BAD is raised if it is none."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.text = text_of(record["checkpoint"])
        self.digest = sha256(self.text.encode()).hexdigest()
        self.signature = base64.b64decode(text_of(record["signature"]), validate=True)
        data = json.loads(self.text)
        self.number, self.first, self.count = (whole(data[name]) for name in ("number", "first", "count"))
        self.at, self.newest = moment(data["at"]), moment(data["newest"])
        self.root, self.previous, self.key = (
            hexadecimal(data["root"]),
            str(data["previous"]),
            str(data["key"]),
        )
        self.span = range(self.first, self.first + self.count)
        if data["type"] != CHECKPOINT or not self.number or not self.first or not 1 <= self.count <= 65536:
            raise ValueError("no checkpoint")

    def fault(self, keys: dict[str, Ed25519PublicKey]) -> str:
        """Say in a word of the document what is wrong with the signature, or nothing."""
        if not self.key:
            return "unsigned"
        if self.key not in keys:
            return "unknown key"
        try:
            keys[self.key].verify(self.signature, self.text.encode())
        except InvalidSignature:
            return "forged signature"
        return ""


class Entry:
    """A line of the log, or of a receipt, that holds an event; position -1 is in no batch. One of BAD is raised."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.position = -1 if record["position"] is None else whole(record["position"])
        self.text = None if record["entry"] is None else text_of(record["entry"])
        self.detail = None if record.get("detail") is None else text_of(record["detail"])
        self.salt = None if record.get("salt") is None else bytes.fromhex(hexadecimal(record["salt"], 32))
        self.leaf = "" if self.text is None else leaf_hash(self.text)
        self.kept = self.leaf if record.get("leaf") is None else hexadecimal(record["leaf"])
        self.data = json_object(self.text)
        self.id = self.data["id"] if type(self.data.get("id")) is int else None
        try:
            self.at = moment(self.data["at"])
        except BAD:
            self.at = None
        if self.position == 0:
            raise ValueError("positions begin at 1")
        if self.position < 0 and (
            self.data.get("type") != EVENT or whole(self.data["id"]) < 0 or self.at is None
        ):
            raise ValueError("in no batch, and no event")

    def __str__(self) -> str:
        return f"event {self.id}" if self.position < 0 else f"position {self.position}"

    def findings(self) -> Iterator[str]:
        """Compare the detail with what was committed to (rule 6)."""
        if self.detail is None:
            return
        if self.data.get("detail") is None:
            yield f"detail added: {self} had none when it was sealed"
        elif self.salt is None:
            yield f"detail not proven: of {self}, without its salt"
        elif sha256(self.salt + self.detail.encode()).hexdigest() != self.data["detail"]:
            yield f"detail changed: of {self}"


def read_emitted(lines: Iterable[str]) -> list[Checkpoint]:
    """Return the emitted checkpoints; other text may stand before and after each."""
    found = []
    for line in lines:
        record = json_object(line)
        if not record and (start := line.find('{"checkpoint"')) >= 0:
            try:
                record = json.JSONDecoder().raw_decode(line[start:])[0]
            except BAD:
                continue  # broken off
        if isinstance(record.get("data"), dict):
            record = record["data"]
        if "checkpoint" in record:
            try:
                found.append(Checkpoint(record))
            except BAD as error:
                raise Unreadable(f"an emitted checkpoint: {error!r}") from error
    return found


def texts_by_number(emitted: Iterable[Checkpoint]) -> dict[int, set[str]]:
    texts: dict[int, set[str]] = {}
    for one in emitted:
        texts.setdefault(one.number, set()).add(one.text)
    return texts


def is_root_of(leaves: list[str], one: Checkpoint) -> bool:
    return len(leaves) == one.count and "" not in leaves and merkle_root(leaves) == one.root


def placed(batch: list[Entry], one: Checkpoint) -> dict[int, Entry]:
    """Return the entries that are in their place, by position."""
    places: dict[int, Entry] = {}
    for entry in batch:
        if entry.position in one.span:
            places.setdefault(entry.position, entry)
    return dict(sorted(places.items()))


def findings_of_batch(batch: list[Entry], one: Checkpoint) -> Iterator[str]:
    """Compare the entries of a batch with its checkpoint (rules 3 to 6)."""
    where = f"batch of checkpoint {one.number}"
    places = placed(batch, one)
    row = list(places.values())
    wrong = False
    for entry in batch:
        if places.get(entry.position) is not entry:
            wrong = True
            yield f"inserted: {entry} is one too many in the {where}"
    kept_good = is_root_of([entry.kept for entry in row], one)
    if is_root_of([entry.leaf for entry in row], one):
        if not kept_good:
            yield f"rewritten: what was kept of the events, {where}; the events are those that were sealed"
        for entry in row:
            yield from entry.findings()
        return
    for position in one.span:
        if position not in places or places[position].text is None:
            wrong = True
            yield f"removed: position {position}, {where}"
    kept = {entry.kept for entry in row}
    for entry in row:
        if entry.text is None:
            continue
        if entry.leaf != entry.kept:
            wrong = True
            yield f"{'swapped' if entry.leaf in kept else 'changed'}: {entry} is not the event sealed there"
        else:
            yield from entry.findings()
    if kept_good or len(row) != one.count or "" in kept:
        return
    ids = [entry.id for entry in row]
    if not wrong and any(a is not None and b is not None and a > b for a, b in pairwise(ids)):
        yield f"swapped: some events, with what was kept of them, {where}"
    else:
        yield f"rewritten: some event, with what was kept of it, {where}"


def findings_of_link(last: Checkpoint | None, one: Checkpoint) -> Iterator[str]:
    """Compare a checkpoint with the one before (rules 1 and 2)."""
    number, digest, first = (last.number + 1, last.digest, last.span.stop) if last else (1, "0" * 64, 1)
    faults = [
        (one.number != number, f"is not number {number}"),
        (one.previous != digest, "has another hash of the one before"),
        (one.first != first, "does not begin where the one before ended"),
        (last is not None and one.at < last.at, "is older than the one before"),
    ]
    if told := [text for fault, text in faults if fault]:
        yield f"broken chain: checkpoint {one.number} {', '.join(told)}"


def allows_cut(entry: Entry, sealed: Checkpoint, base: Checkpoint, agreed: int) -> bool:
    """Tell whether this sealed event says that what was before the base was old enough (rule 9)."""
    try:
        cut = entry.data["data"]
        old = whole(cut["retention"])
        return (
            entry.data["kind"] == "log_cut"
            and entry.at is not None
            and whole(cut["checkpoint"]) >= base.number
            and old >= agreed
            and base.newest + timedelta(seconds=old) <= entry.at <= sealed.at + HOUR
        )
    except BAD:
        return False


def findings_of_log(
    lines: Iterable[str], keys: str, checkpoints: Iterable[str] = (), retention: int = 0
) -> list[str]:
    """Say what is wrong with a sealed log, given public keys (PEM), lines of emitted checkpoints and the retention in
    seconds that was agreed on. Raises `Unreadable`."""
    known, emitted = public_keys(keys), read_emitted(checkpoints)
    found = [
        f"{fault}: of an emitted checkpoint" for one in emitted if one.key and (fault := one.fault(known))
    ]
    texts = texts_by_number(emitted)
    batch: list[Entry] = []
    loose: list[Entry] = []  # in no batch
    sealed: list[tuple[datetime, int]] = []  # of each batch: when, and its greatest id
    unsigned: list[int] = []  # numbers since the last good signature
    base: Checkpoint | None = None
    last: Checkpoint | None = None
    made_at: datetime | None = None
    is_cut_allowed = False
    for number, line in zip(count(1), lines, strict=False):
        if made_at is not None and not line.strip():
            continue
        try:
            record = json.loads(line)
            if made_at is None:
                if record["type"] != LOG:
                    raise ValueError("not a log")
                made_at = moment(record["made_at"])
                continue
            entry, one = (None, Checkpoint(record)) if "checkpoint" in record else (Entry(record), None)
            if loose and (entry is None or entry.position > 0):
                raise ValueError("after the events that are in no batch")
        except BAD as error:
            raise Unreadable(f"line {number}: {error!r}") from error
        if entry is not None:
            (loose if entry.position < 0 else batch).append(entry)
            if len(batch) > 65536:
                found.append(f"cut tail: no checkpoint for {len(batch)} entries, from {batch[0]} on")
                batch = []
            continue
        assert one is not None
        if last is None and not batch:
            base = one
        else:
            found += findings_of_link(last, one)
            found += findings_of_batch(batch, one)
        row = list(placed(batch, one).values())
        if base and is_root_of([each.leaf for each in row], one):
            is_cut_allowed |= any(allows_cut(each, one, base, retention) for each in row)
        if (fault := one.fault(known)) == "unsigned":
            unsigned.append(one.number)
        elif fault:
            found.append(f"{fault}: of checkpoint {one.number}, key {one.key}")
        else:
            unsigned = []  # vouched for by this one
        if texts.get(one.number, {one.text}) != {one.text}:
            found.append(f"not the emitted one: checkpoint {one.number}")
        sealed.append((one.at, max((each.id for each in batch if each.id is not None), default=0)))
        batch, last = [], one
    if made_at is None:
        raise Unreadable("the file is empty")
    found += [f"unsigned: checkpoint {number}" for number in unsigned]
    end = last.number if last else 0
    found += [
        f"cut tail: checkpoint {number} was emitted, the log ends at {end}"
        for number in texts
        if number > end
    ]
    if batch:
        found.append(f"cut tail: no checkpoint for {len(batch)} entries, from {batch[0]} on")
    if base and not is_cut_allowed:
        found.append(f"cut head: no event allows that the log begins after checkpoint {base.number}")
    now = max(made_at, last.at) if last else made_at
    limit = max((top for at, top in sealed if now - at >= HOUR), default=0)
    for entry in loose:
        assert entry.id is not None and entry.at is not None
        if entry.id < limit:
            found.append(f"inserted: {entry} is in no batch, though later ones were sealed")
        elif now - entry.at > HOUR:
            found.append(f"unsealed: {entry} is in no batch")
    return found


def findings_of_receipt(text: str, keys: str, checkpoints: Iterable[str] = ()) -> list[str]:
    """Say what is wrong with a receipt, given public keys (PEM) and lines of emitted checkpoints, if any. Raises
    `Unreadable`."""
    known, emitted = public_keys(keys), read_emitted(checkpoints)
    found = [
        f"{fault}: of an emitted checkpoint" for one in emitted if one.key and (fault := one.fault(known))
    ]
    texts = texts_by_number(emitted)
    try:
        receipt = json.loads(text)
        if receipt["type"] != RECEIPT or not receipt["entries"]:
            raise ValueError("another type, or without entries")
        read = [Checkpoint(record) for record in receipt["checkpoints"]]
        entries = [
            (Entry(record), [hexadecimal(node) for node in record["path"]]) for record in receipt["entries"]
        ]
        if not all(isinstance(record["path"], list) for record in receipt["entries"]):
            raise TypeError("a path that is no list")
        if any(entry.text is None or entry.position < 0 for entry, _path in entries):
            raise ValueError("an entry without its text or position")
    except BAD as error:
        raise Unreadable(f"not a receipt that proves anything ({error!r})") from error
    trusted: list[Checkpoint] = []
    for one in sorted(read, key=lambda each: -each.number):
        fault = one.fault(known)
        if texts.get(one.number, {one.text}) != {one.text}:
            fault = "not the emitted one"
        elif fault == "unsigned":
            vouched = any((next_.number - 1, next_.previous) == (one.number, one.digest) for next_ in trusted)
            fault = "" if vouched or one.number in texts else fault
        if fault:
            found.append(f"{fault}: of checkpoint {one.number}, key {one.key or 'none'}")
        else:
            trusted.append(one)
    for entry, path in entries:
        covering = next((each for each in read if entry.position in each.span), None)
        if covering is None:
            found.append(f"wrong proof: no checkpoint covers {entry}")
        elif (
            root_of_path(entry.leaf, covering.span.index(entry.position), covering.count, path)
            != covering.root
        ):
            found.append(f"changed: {entry} does not lead to the root of checkpoint {covering.number}")
        found += entry.findings()
    return found


def main() -> int:
    """Check the file that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", type=Path, required=True, help="PEM file of the public keys")
    parser.add_argument("--checkpoints", type=Path, help="file of the emitted checkpoints")
    parser.add_argument("--retention", type=int, default=0, help="what was agreed on, in seconds")
    options = parser.parse_args()
    keys = options.key.read_text("utf-8")
    emitted = options.checkpoints.read_text("utf-8").strip().split("\n") if options.checkpoints else []
    try:
        with options.file.open(encoding="utf-8") as file:
            is_receipt = f'"{RECEIPT}"' in file.read(4096)
            file.seek(0)
            found = (
                findings_of_receipt(file.read(), keys, emitted)
                if is_receipt
                else findings_of_log(file, keys, emitted, options.retention)
            )
    except (Unreadable, UnicodeDecodeError) as error:
        print(f"unreadable: {error}")
        return 2
    print("\n".join(found) or "nothing found")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
