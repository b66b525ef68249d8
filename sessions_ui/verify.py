"""Check a receipt or a sealed log offline: `python -m sessions_ui.verify FILE --key PUB` (docs/evidence.md).

It stands alone, with the standard library and `cryptography`: without Django, a database or the rest of the app, so
that whoever checks need not believe whoever is checked. This one file may be copied and run by itself. The app verifies
its own database with the same rules.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = [
    "CHECKPOINT",
    "EVENT",
    "LOG",
    "NOTHING_BEFORE",
    "RECEIPT",
    "Checkpoint",
    "Entry",
    "Finding",
    "Found",
    "Malformed",
    "Verifier",
    "check_log",
    "check_receipt",
    "checkpoint_hash",
    "commitment",
    "duration",
    "inclusion_path",
    "key_id",
    "leaf_hash",
    "main",
    "merkle_root",
    "read_checkpoints",
    "read_files",
    "read_public_keys",
    "root_from_path",
]

# The `type` of each text.
EVENT = "sessions_ui/event/v1"
CHECKPOINT = "sessions_ui/checkpoint/v1"
RECEIPT = "sessions_ui/receipt/v1"
LOG = "sessions_ui/log/v1"

NOTHING_BEFORE = "0" * 64  # the hash before the first checkpoint
SEALED_WITHIN = timedelta(hours=1)  # after it was committed; what is older and in no batch is reported
CUT = "log_cut"  # the kind of the event that says where the log was cut
MOST = 65_536  # events of a batch; ours have 1,000
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
HEX = re.compile(r"[0-9a-f]+", re.ASCII)
DURATION = re.compile(r"(\d{1,12})([sd]?)", re.ASCII)
PUBLIC_KEY = re.compile(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)

Keys = Mapping[str, "Ed25519PublicKey"]


class Malformed(ValueError):
    """The file is not of the form that docs/evidence.md gives."""


# --- Hashes


def leaf_hash(entry: str) -> bytes:
    """Return the leaf of an event in the tree of its batch (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x00" + entry.encode()).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def commitment(salt: bytes, detail: str) -> bytes:
    """Return what an entry holds in place of a detail. Without the salt nobody can try out what the detail was."""
    return hashlib.sha256(salt + detail.encode()).digest()


def checkpoint_hash(text: str) -> bytes:
    """Return the hash by which the next checkpoint names this one."""
    return hashlib.sha256(text.encode()).digest()


def _parents(level: Sequence[bytes]) -> list[bytes]:
    """Return the level above. A last node without a neighbour goes up as it is, which makes the tree of RFC 9162."""
    pairs = [node_hash(level[index], level[index + 1]) for index in range(0, len(level) - 1, 2)]
    return [*pairs, level[-1]] if len(level) % 2 else pairs


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the Merkle tree hash of the leaves, in their order (RFC 9162, 2.1.1)."""
    if not leaves:
        return hashlib.sha256().digest()
    level = list(leaves)
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the inclusion proof of the leaf at `index`, counted from 0, the lowest first (RFC 9162, 2.1.3.1)."""
    return path_in(tree_of(leaves), index)


def tree_of(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return the nodes of a tree level by level, from the leaves to the root: for the proofs of many of its leaves."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        levels.append(_parents(levels[-1]))
    return levels


def path_in(tree: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """Return the inclusion proof of the leaf at `index` from its whole tree, as `inclusion_path()` does."""
    path = []
    for level in tree[:-1]:
        if (neighbour := index ^ 1) < len(level):
            path.append(level[neighbour])
        index //= 2
    return path


def root_from_path(leaf: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that an inclusion proof leads to; None where it cannot be one (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < count:
        return None
    node, number, last = leaf, index, count - 1
    for sibling in path:
        if last == 0:
            return None
        if number % 2 or number == last:
            node = node_hash(sibling, node)
            while number % 2 == 0 and number != 0:
                number, last = number >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        number, last = number >> 1, last >> 1
    return node if last == 0 else None


# --- What a file holds


@dataclass(frozen=True, slots=True)
class Entry:
    """An event at its place in the log.

    `position` is None for one that is in no batch, `text` for one that is gone. `leaf` is what was kept of it when it
    was sealed. `detail` and `salt` are there as long as nobody has erased them. `partly`: something is left of a detail
    that was erased, and nothing proves it.
    """

    position: int | None
    text: str | None
    leaf: bytes | None = None
    detail: str | None = None
    salt: bytes | None = None
    path: tuple[bytes, ...] = ()
    partly: bool = False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint: the text that was signed, and what it says. `signature` is empty where nothing signs."""

    text: str
    signature: bytes
    number: int
    first: int
    count: int
    root: bytes
    previous: str
    key: str
    at: datetime
    newest: datetime

    @property
    def hash(self) -> str:
        return checkpoint_hash(self.text).hex()

    @property
    def last(self) -> int:
        return self.first + self.count - 1

    @classmethod
    def read(cls, text: str, signature: str | bytes) -> Checkpoint:
        """Read what the text says. Raises `Malformed`."""
        said = _parsed(_encodable(text))
        if said.get("type") != CHECKPOINT:
            raise Malformed(f"not a checkpoint but {said.get('type')!r}")
        try:
            return cls(
                text=text,
                signature=base64.b64decode(signature, validate=True)
                if isinstance(signature, str)
                else signature,
                number=_whole(said["number"], least=1),
                first=_whole(said["first"], least=1),
                count=_whole(said["count"], least=1, most=MOST),
                root=_hash(said["root"]),
                previous=str(said["previous"]),
                key=str(said["key"]),
                at=moment(said["at"]),
                newest=moment(said["newest"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise error if isinstance(error, Malformed) else Malformed(f"a checkpoint: {error!r}") from error

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> Checkpoint:
        """Read a line or a part of a file. Raises `Malformed`."""
        if not isinstance(line.get("checkpoint"), str) or not isinstance(line.get("signature"), str):
            raise Malformed("a checkpoint without its text or its signature")
        return cls.read(line["checkpoint"], line["signature"])


def entry_of(line: Mapping[str, Any]) -> Entry:
    """Read a line or a part of a file. Raises `Malformed`."""
    try:
        position, text, detail = line["position"], line["entry"], line.get("detail")
        if not isinstance(text, str | None) or not isinstance(detail, str | None):
            raise Malformed("an entry that is not a text")
        for each in (text, detail):
            _encodable(each or "")
        if position is None:
            _loose(text)
        leaf, salt = line.get("leaf"), line.get("salt")
        return Entry(
            position=None if position is None else _whole(position, least=1),
            text=text,
            leaf=None if leaf is None else _hash(leaf),
            detail=detail,
            salt=None if salt is None else _hexadecimal(salt, size=16),
            path=tuple(map(_hash, line.get("path", ()))),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise error if isinstance(error, Malformed) else Malformed(f"an entry: {error!r}") from error


def moment(text: Any) -> datetime:
    """Return a moment of an entry or a checkpoint: UTC, with microseconds and a Z."""
    if not isinstance(text, str) or not MOMENT.fullmatch(text):
        raise Malformed(f"{text!r} is not a moment")
    return datetime.fromisoformat(text)


def _whole(value: Any, *, least: int, most: int | None = None) -> int:
    if type(value) is not int or value < least or (most is not None and value > most):
        raise Malformed(f"{value!r} is not a number that can stand here")
    return value


def _hash(text: Any) -> bytes:
    return _hexadecimal(text, size=32)


def _hexadecimal(text: Any, *, size: int) -> bytes:
    # `bytes.fromhex` alone would take spaces, and any length.
    if not isinstance(text, str) or len(text) != 2 * size or not HEX.fullmatch(text):
        raise Malformed(f"{text!r} is not {size} bytes in hexadecimal")
    return bytes.fromhex(text)


def _encodable(text: str) -> str:
    """Return the text. Raises `Malformed` where it has half a surrogate pair, which JSON can say and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Malformed(f"a text that is not Unicode: {error}") from error
    return text


def _loose(text: str | None) -> None:
    """Check that an event in no batch, of which no hash says anything, is one. Raises `Malformed`."""
    said = _said(text)
    if said.get("type") != EVENT:
        raise Malformed("an event in no batch that is none")
    _whole(said["id"], least=0)
    moment(said["at"])


def duration(text: str) -> timedelta:
    """Read a time in seconds (`86400`, `86400s`) or days (`180d`). Raises `ValueError`."""
    if (found := DURATION.fullmatch(text)) is None:
        raise ValueError(f"{text!r} is neither seconds (86400) nor days (180d)")
    try:
        return timedelta(days=int(found[1])) if found[2] == "d" else timedelta(seconds=int(found[1]))
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long") from error


# --- Keys


def key_id(public: bytes) -> str:
    """Return the name of a public key, given by its 32 bytes."""
    return hashlib.sha256(public).hexdigest()[:16]


def read_public_keys(text: str) -> dict[str, Ed25519PublicKey]:
    """Return the Ed25519 keys of a PEM file by their ids; other text between them is a comment. Raises `Malformed`."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    found = {}
    for block in PUBLIC_KEY.findall(text):
        try:
            key = load_pem_public_key(block.encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise Malformed(f"a public key: {error}") from error
        if not isinstance(key, Ed25519PublicKey):
            raise Malformed("a public key that is not of Ed25519")
        found[key_id(key.public_bytes_raw())] = key
    return found


def is_signed(checkpoint: Checkpoint, keys: Keys) -> bool:
    """Return whether the signature is that of the key which the checkpoint names, one of `keys`."""
    from cryptography.exceptions import InvalidSignature

    if checkpoint.key not in keys:
        return False
    try:
        keys[checkpoint.key].verify(checkpoint.signature, checkpoint.text.encode())
    except InvalidSignature:
        return False
    return True


# --- What is found


class Found(StrEnum):
    """What can be wrong, as programs read it."""

    CHANGED = "changed"
    DETAIL_CHANGED = "detail changed"
    DETAIL_ADDED = "detail added"
    DETAIL_UNPROVEN = "detail not proven"
    REMOVED = "removed"
    INSERTED = "inserted"
    SWAPPED = "swapped"
    REWRITTEN = "rewritten"
    UNSEALED = "unsealed"
    CHAIN = "broken chain"
    CUT_TAIL = "cut tail"
    CUT_HEAD = "cut head"
    FORKED = "not the emitted one"
    SIGNATURE = "forged signature"
    UNKNOWN_KEY = "unknown key"
    UNSIGNED = "unsigned"
    PROOF = "wrong proof"


ABOUT_DETAILS = (Found.DETAIL_CHANGED, Found.DETAIL_ADDED, Found.DETAIL_UNPROVEN)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: which (`Found`), where, and in a sentence why."""

    what: Found
    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.where}: {self.why}"


@dataclass(slots=True)
class Seen:
    """What a verification has gone through."""

    events: int = 0
    checkpoints: int = 0
    opened: int = 0  # details that are there and are what was committed to
    erased: int = 0  # or not in the file
    partly: int = 0  # of the erased: something is left, which nothing proves
    late: int = 0  # sealed more than an hour after their time
    signed: int = 0
    cuts: list[str] = field(default_factory=list)  # what sealed events say of where the log was cut
    unproven: list[str] = field(default_factory=list)  # batches whose events do not lead to their checkpoint

    def notes(self) -> Iterator[str]:
        """Yield what whoever reads the findings has to know besides."""
        yield from self.cuts
        for batch in self.unproven:
            yield f"Nothing is proven about any event of {batch}: others than those named may be changed, too."


class Emitted:
    """Hashes of checkpoints that left the site when they were made, by number."""

    def __init__(self, checkpoints: Iterable[Checkpoint] = ()) -> None:
        self._hashes: dict[int, set[bytes]] = {}
        self.last = 0
        for checkpoint in checkpoints:
            self._hashes.setdefault(checkpoint.number, set()).add(bytes.fromhex(checkpoint.hash))
            self.last = max(self.last, checkpoint.number)

    def __bool__(self) -> bool:
        return bool(self._hashes)

    def has(self, checkpoint: Checkpoint) -> bool:
        return bytes.fromhex(checkpoint.hash) in self._hashes.get(checkpoint.number, ())

    def contradicts(self, checkpoint: Checkpoint) -> bool:
        """Return whether another checkpoint of this number was emitted."""
        known = self._hashes.get(checkpoint.number, set())
        return bool(known - {bytes.fromhex(checkpoint.hash)})


@dataclass(slots=True)
class _Row:
    """An entry of the batch that is being read, with what follows from it."""

    entry: Entry
    said: dict[str, Any]
    leaf: bytes | None


@dataclass
class Verifier:
    """Check a log, record by record in its order, with a memory of one batch.

    `keys` are the public keys that are believed, by id; None where nobody gave any: then no signature is checked.
    `emitted` are checkpoints that left the site. `now`: what is older than an hour then and in no batch is reported;
    the time of the newest checkpoint counts where that is later, or `now` is None. `retention`: what was agreed on; a
    cut after less is none that is allowed. None: what the event of the cut says is believed.
    """

    keys: Keys | None = None
    emitted: Emitted = field(default_factory=Emitted)
    now: datetime | None = None
    retention: timedelta | None = None
    seen: Seen = field(default_factory=Seen)

    def __post_init__(self) -> None:
        self._rows: list[_Row] = []
        self._previous: Checkpoint | None = None
        self._base: Checkpoint | None = None  # the log begins after it, because what was before is too old
        self._explained = False
        self._unsigned: int | None = None  # the first of those that nothing has signed yet
        self._loose_began = False
        # When a batch was sealed, and the greatest id until then; of the last hour.
        self._recent: deque[tuple[datetime, int]] = deque()
        self._greatest = 0
        self._settled = 0  # the greatest id an hour before

    def check(self, records: Iterable[Entry | Checkpoint]) -> Iterator[Finding]:
        """Yield what is wrong in the records of a whole log. Raises `Malformed` where they are in no order."""
        for record in records:
            if isinstance(record, Entry) and record.position is None:
                self._loose_began = True
                yield from self._unsealed(record)
            elif self._loose_began:
                raise Malformed("events in no batch that are not at the end")
            elif isinstance(record, Checkpoint):
                yield from self._close(record)
            else:
                self._rows.append(self._row(record))
                if len(self._rows) > MOST:
                    yield from self._without_checkpoint()
        yield from self._end()

    def _row(self, entry: Entry) -> _Row:
        self.seen.events += 1
        return _Row(entry, _said(entry.text), None if entry.text is None else leaf_hash(entry.text))

    def _note_cut(self, said: dict[str, Any], checkpoint: Checkpoint) -> None:
        """Take what a sealed event says of where the log was cut: all that is gone must have been old enough then.

        One in no batch says nothing, because anybody can add it to a file; and one from the future would let anything
        be old.
        """
        data, cut_at, base = said.get("data"), _at(said), self._base
        try:
            number = _whole(data["checkpoint"], least=1)  # type: ignore[index]
            kept = timedelta(seconds=_whole(data["retention"], least=0))  # type: ignore[index]
            if cut_at is None:
                return
            self.seen.cuts.append(
                f"Cut after checkpoint {number} at {said['at']}, with a retention of {_days(kept)} "
                f"(sealed in checkpoint {checkpoint.number})."
            )
            self._explained |= (
                base is not None
                and number >= base.number
                and cut_at - base.newest >= kept
                and cut_at - checkpoint.at <= SEALED_WITHIN
                and (self.retention is None or kept >= self.retention)
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            return

    # --- A batch

    def _close(self, checkpoint: Checkpoint) -> Iterator[Finding]:
        self.seen.checkpoints += 1
        rows, self._rows = self._rows, []
        where = f"checkpoint {checkpoint.number}"
        if self._previous is None and not rows:
            self._base = checkpoint
        else:
            yield from self._follows(checkpoint, where)
            yield from self._batch(checkpoint, rows)
        yield from self._signature(checkpoint, where)
        if self.emitted.contradicts(checkpoint):
            yield Finding(Found.FORKED, where, "another checkpoint of this number was emitted")
        self._previous = checkpoint
        self._remember(checkpoint, rows)

    def _follows(self, checkpoint: Checkpoint, where: str) -> Iterator[Finding]:
        before = self._previous
        number, hash_, first = (
            (before.number + 1, before.hash, before.last + 1) if before else (1, NOTHING_BEFORE, 1)
        )
        if checkpoint.number != number:
            gone = f"checkpoint {number}" + (
                f" to {checkpoint.number - 1}" if checkpoint.number - number > 1 else ""
            )
            why = "is missing" if checkpoint.number > number else f"is followed by {checkpoint.number}"
            yield Finding(Found.CHAIN, gone if checkpoint.number > number else where, why)
        elif checkpoint.previous != hash_:
            yield Finding(Found.CHAIN, where, "does not go with the one before it")
        elif checkpoint.first != first:
            yield Finding(Found.CHAIN, where, f"begins at position {checkpoint.first}, not {first}")
        elif before is not None and checkpoint.at < before.at:
            yield Finding(Found.CHAIN, where, "says that it is older than the one before it")

    def _batch(self, checkpoint: Checkpoint, rows: list[_Row]) -> Iterator[Finding]:
        placed: dict[int, _Row] = {}
        wrong = False
        for row in rows:
            position = row.entry.position or 0
            if position in placed or not checkpoint.first <= position <= checkpoint.last:
                wrong = True
                yield Finding(
                    Found.INSERTED, _name(row), f"checkpoint {checkpoint.number} has no place for it"
                )
            else:
                placed[position] = row
        everywhere = range(checkpoint.first, checkpoint.last + 1)
        computed = [placed[position].leaf if position in placed else None for position in everywhere]
        kept = [_leaf(placed.get(position)) for position in everywhere]
        agrees, is_proven = _has_root(kept, checkpoint), _has_root(computed, checkpoint)
        if not is_proven:
            self.seen.unproven.append(f"checkpoint {checkpoint.number}, {_span(checkpoint)}")
        for row in placed.values():
            if row.said.get("kind") == CUT and is_proven:
                self._note_cut(row.said, checkpoint)
        if is_proven and not agrees:
            for row in placed.values():
                if row.leaf != row.entry.leaf:
                    yield Finding(
                        Found.REWRITTEN, _name(row), "what was kept of it was changed; the event was not"
                    )
                yield from self._detail(row)
            return
        stated = {leaf: row for row in placed.values() if (leaf := _leaf(row)) is not None}
        for position in everywhere:
            found = list(self._place(checkpoint, position, placed.get(position), stated))
            wrong = wrong or any(finding.what not in ABOUT_DETAILS for finding in found)
            yield from found
        if not agrees:
            yield from self._other_root(checkpoint, placed, wrong)

    def _place(
        self, checkpoint: Checkpoint, position: int, row: _Row | None, stated: Mapping[bytes, _Row]
    ) -> Iterator[Finding]:
        """Check the entry at one position of a batch."""
        if row is None or row.leaf is None:
            yield Finding(Found.REMOVED, f"position {position}" if row is None else _name(row), "is gone")
            return
        if row.entry.leaf is not None and row.leaf != row.entry.leaf:
            other = stated.get(row.leaf)
            if other is not None:
                yield Finding(Found.SWAPPED, _name(row), f"was sealed at position {other.entry.position}")
            else:
                yield Finding(Found.CHANGED, _name(row), "is not what was sealed")
            return
        yield from self._detail(row)
        if (at := _at(row.said)) is not None and at < checkpoint.at - SEALED_WITHIN:
            self.seen.late += 1

    def _detail(self, row: _Row) -> Iterator[Finding]:
        committed = row.said.get("detail")
        entry = row.entry
        if found := _wrong_detail(row):
            yield found
        elif committed is not None and entry.detail is None:
            self.seen.erased += 1
            self.seen.partly += entry.partly
        elif committed is not None:
            self.seen.opened += 1

    def _other_root(
        self, checkpoint: Checkpoint, placed: Mapping[int, _Row], wrong: bool
    ) -> Iterator[Finding]:
        """Say what is wrong with a batch whose root is another one, unless the rows say so already."""
        where = f"{_span(checkpoint)} (checkpoint {checkpoint.number})"
        if wrong:
            kept = [_leaf(row) for _position, row in sorted(placed.items())]
            stated = [leaf for leaf in kept if leaf is not None]
            if len(stated) == checkpoint.count and merkle_root(stated) != checkpoint.root:
                yield Finding(Found.REWRITTEN, where, "what was kept of these events was changed, too")
            return
        ids = [(position, _id(row.said)) for position, row in sorted(placed.items())]
        turned = [
            (position, other)
            for (position, one), (other, two) in pairwise(ids)
            if one is not None and two is not None and one > two
        ]
        for position, other in turned:
            yield Finding(
                Found.SWAPPED, f"position {position} to {other}", "the events are not in their order"
            )
        if not turned:
            yield Finding(Found.REWRITTEN, where, "one of these events, and what was kept of it, was changed")

    # --- Checkpoints

    def _signature(self, checkpoint: Checkpoint, where: str) -> Iterator[Finding]:
        if self.keys is None:
            return
        if not checkpoint.key:
            if self._unsigned is None:
                self._unsigned = checkpoint.number
            return
        if checkpoint.key not in self.keys:
            yield Finding(
                Found.UNKNOWN_KEY, where, f"is signed by {checkpoint.key}, which is not among the keys"
            )
        elif not is_signed(checkpoint, self.keys):
            yield Finding(Found.SIGNATURE, where, f"the signature is not that of the key {checkpoint.key}")
        else:
            self.seen.signed += 1
            self._unsigned = None  # those before are in its chain

    def _remember(self, checkpoint: Checkpoint, rows: list[_Row]) -> None:
        ids = [number for row in rows if (number := _id(row.said)) is not None]
        self._greatest = max([self._greatest, *ids])
        self._recent.append((checkpoint.at, self._greatest))
        self._settle(self._now(checkpoint) - SEALED_WITHIN)

    def _now(self, last: Checkpoint) -> datetime:
        return last.at if self.now is None else max(self.now, last.at)

    def _settle(self, until: datetime) -> None:
        while self._recent and self._recent[0][0] <= until:
            self._settled = max(self._settled, self._recent.popleft()[1])

    # --- What is in no batch

    def _unsealed(self, entry: Entry) -> Iterator[Finding]:
        said = _said(entry.text)
        name = f"event {said.get('id')}"
        now = self._now(self._previous) if self._previous else self.now
        at = _at(said)
        if (number := _id(said)) is not None and number < self._settled:
            why = "is in no batch, though later ones were sealed more than an hour ago"
            yield Finding(Found.INSERTED, name, why)
        elif now is not None and at is not None and at < now - SEALED_WITHIN:
            yield Finding(Found.UNSEALED, name, "is older than an hour, and in no batch")

    def _without_checkpoint(self) -> Iterator[Finding]:
        rows, self._rows = self._rows, []
        for row in rows:
            yield Finding(Found.CUT_TAIL, _name(row), "is in the batch of a checkpoint that is gone")

    def _end(self) -> Iterator[Finding]:
        yield from self._without_checkpoint()
        last = self._previous.number if self._previous else 0
        if self.emitted.last > last:
            where = f"checkpoint {last + 1}" + (
                f" to {self.emitted.last}" if self.emitted.last > last + 1 else ""
            )
            yield Finding(
                Found.CUT_TAIL, where, f"the log ends at {last}, though {self.emitted.last} was emitted"
            )
        if self._base is not None and not self._explained:
            where = f"checkpoint 1 to {self._base.number}"
            enough = "old enough" if self.retention is None else f"kept for {_days(self.retention)}"
            yield Finding(Found.CUT_HEAD, where, f"is gone, and no sealed event says that it was {enough}")
        if self._unsigned is not None:
            where = f"checkpoint {self._unsigned}" + (f" to {last}" if last > self._unsigned else "")
            yield Finding(Found.UNSIGNED, where, "has no signature, and none after it has")


def _said(text: str | None) -> dict[str, Any]:
    """Return what an entry says; nothing where that is no object."""
    return _object(text) or {}


def _id(said: Mapping[str, Any]) -> int | None:
    number = said.get("id")
    return number if type(number) is int else None  # a boolean is none


def _at(said: Mapping[str, Any]) -> datetime | None:
    try:
        return moment(said["at"])
    except (KeyError, TypeError, ValueError):
        return None


def _wrong_detail(row: _Row) -> Finding | None:
    """Compare the detail of an entry, if it has one, with what was committed to."""
    committed, entry = row.said.get("detail"), row.entry
    if entry.detail is None:
        return None
    if committed is None:
        why = "has a detail that was not there when it was sealed"
        return Finding(Found.DETAIL_ADDED, _name(row), why)
    if entry.salt is None:
        why = "has a detail without the salt, so that nothing says that it is the one that was sealed"
        return Finding(Found.DETAIL_UNPROVEN, _name(row), why)
    if commitment(entry.salt, entry.detail).hex() != committed:
        return Finding(Found.DETAIL_CHANGED, _name(row), "its detail is not the one that was sealed")
    return None


def _span(checkpoint: Checkpoint) -> str:
    return f"positions {checkpoint.first} to {checkpoint.last}"


def _days(time: timedelta) -> str:
    days = time / timedelta(days=1)
    return f"{days:g} day{'s' * (days != 1)}" if days >= 1 else f"{time.total_seconds():g} seconds"


def _leaf(row: _Row | None) -> bytes | None:
    if row is None:
        return None
    return row.entry.leaf if row.entry.leaf is not None else row.leaf


def _has_root(leaves: Sequence[bytes | None], checkpoint: Checkpoint) -> bool:
    known = [leaf for leaf in leaves if leaf is not None]
    return len(known) == len(leaves) and merkle_root(known) == checkpoint.root


def _name(row: _Row) -> str:
    said = row.said.get("id")
    place = f"position {row.entry.position}"
    return place if said is None else f"event {said} at {place}"


def check_log(
    records: Iterable[Entry | Checkpoint],
    *,
    keys: Keys | None = None,
    emitted: Iterable[Checkpoint] = (),
    made_at: datetime | None = None,
    retention: timedelta | None = None,
) -> Iterator[Finding]:
    """Yield what is wrong in the records of a whole log. `made_at` and `retention` as `now` and that of `Verifier`."""
    return Verifier(keys=keys, emitted=Emitted(emitted), now=made_at, retention=retention).check(records)


# --- Receipts


def check_receipt(
    receipt: Mapping[str, Any], *, keys: Keys | None = None, emitted: Iterable[Checkpoint] = ()
) -> list[Finding]:
    """Return what is wrong with a receipt. Raises `Malformed` where it is none."""
    if receipt.get("type") != RECEIPT:
        raise Malformed(f"not a receipt but {receipt.get('type')!r}")
    entries, checkpoints = receipt.get("entries"), receipt.get("checkpoints")
    if not isinstance(entries, list) or not isinstance(checkpoints, list) or not entries:
        raise Malformed("a receipt without entries or checkpoints")
    if not all(isinstance(each, dict) for each in [*entries, *checkpoints]):
        raise Malformed("an entry or a checkpoint that is no object")
    if not all(isinstance(each.get("path"), list) for each in entries):
        raise Malformed("an entry of a receipt without its path")
    read = [Checkpoint.of(each) for each in checkpoints]
    findings = list(_untrusted(read, keys, Emitted(emitted)))
    for each in entries:
        entry = entry_of(each)
        findings += _unproven(entry, read)
    return findings


def _untrusted(checkpoints: Sequence[Checkpoint], keys: Keys | None, emitted: Emitted) -> Iterator[Finding]:
    """Check the checkpoints of a receipt: each is signed, was emitted, or is in the chain of the next one, which is."""
    trusted: dict[int, Checkpoint] = {}
    for checkpoint in sorted(checkpoints, key=lambda each: -each.number):
        where = f"checkpoint {checkpoint.number}"
        after = trusted.get(checkpoint.number + 1)
        follows = after is not None and after.previous == checkpoint.hash
        if emitted.contradicts(checkpoint):
            yield Finding(Found.FORKED, where, "another checkpoint of this number was emitted")
        elif checkpoint.key and keys is not None and checkpoint.key not in keys:
            yield Finding(
                Found.UNKNOWN_KEY, where, f"is signed by {checkpoint.key}, which is not among the keys"
            )
        elif checkpoint.key and keys is not None and not is_signed(checkpoint, keys):
            yield Finding(Found.SIGNATURE, where, f"the signature is not that of the key {checkpoint.key}")
        elif (keys is not None and checkpoint.key) or emitted.has(checkpoint) or follows:
            trusted[checkpoint.number] = checkpoint
        else:
            yield Finding(Found.UNSIGNED, where, "no key that you gave has signed it, and it was not emitted")


def _unproven(entry: Entry, checkpoints: Sequence[Checkpoint]) -> Iterator[Finding]:
    """Check that the entry is in the batch of one of the checkpoints, with the detail that was sealed."""
    row = _Row(entry, _said(entry.text), None if entry.text is None else leaf_hash(entry.text))
    if entry.position is None or row.leaf is None:
        raise Malformed("an entry of a receipt without its text or position")
    position = entry.position
    batch = next((each for each in checkpoints if each.first <= position <= each.last), None)
    if batch is None:
        yield Finding(Found.PROOF, _name(row), "no checkpoint of the receipt covers it")
    elif root_from_path(row.leaf, position - batch.first, batch.count, entry.path) != batch.root:
        yield Finding(Found.CHANGED, _name(row), f"it does not lead to the root of checkpoint {batch.number}")
    if found := _wrong_detail(row):
        yield found


# --- Files


def read_checkpoints(lines: Iterable[str]) -> Iterator[Checkpoint]:
    """Read emitted checkpoints, one a line: the object alone, a webhook that has it as its `data`, or the line of a log
    with the object in it. Other lines, and one that was broken off, are left out. Raises `Malformed`."""
    for line in lines:
        said = _object(line)
        if said is None and (begins := line.find('{"checkpoint"')) >= 0:
            said = _beginning(line[begins:])
        elif said is not None and isinstance(said.get("data"), dict):
            said = said["data"]
        if said is not None and "checkpoint" in said:
            yield Checkpoint.of(said)


def _beginning(text: str) -> dict[str, Any] | None:
    """Return the object at the beginning of a text; None where it is broken off."""
    try:
        found = json.JSONDecoder().raw_decode(text)[0]
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def read_files(files: Iterable[Path]) -> list[Checkpoint]:
    """Read the emitted checkpoints of files. Raises `Malformed` where one has none: it is not what was meant."""
    found: list[Checkpoint] = []
    for file in files:
        before = len(found)
        with file.open(encoding="utf-8", errors="replace") as lines:  # a log has other lines, too
            found += read_checkpoints(lines)
        if len(found) == before:
            raise Malformed(f"{file} has no checkpoint")
    return found


def read_log(lines: Iterable[str]) -> Iterator[Entry | Checkpoint]:
    """Read a sealed log, one record a line, with or without its first line. Raises `Malformed`."""
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        record = _parsed(line)
        if "checkpoint" in record:
            yield Checkpoint.of(record)
        elif "entry" in record:
            yield entry_of(record)
        elif number or record.get("type") != LOG:
            raise Malformed(f"neither an entry nor a checkpoint: {line[:80]!r}")


def _object(text: str | None) -> dict[str, Any] | None:
    """Return what a JSON text holds; None where that is no object, or the text no JSON."""
    try:
        parsed = json.loads(text or "null")
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _parsed(text: str) -> dict[str, Any]:
    if (parsed := _object(text)) is None:
        raise Malformed(f"not a JSON object: {text[:80]!r}")
    return parsed


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a file and say what was found; return the exit code: 0 nothing, 1 something, 2 it cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m sessions_ui.verify",
        description="Check a receipt (manage.py receipt) or a sealed log (manage.py export_events --format sealed).",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument(
        "--key", type=Path, metavar="PUB", help="PEM file of the public keys that you believe."
    )
    parser.add_argument(
        "--checkpoints",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="Checkpoints that left the site when they were made, one a line; may be given more than once.",
    )
    parser.add_argument(
        "--retention",
        type=duration,
        metavar="TIME",
        help="How long events had to be kept, in seconds (86400) or days (180d): a log that was cut after less has "
        "lost its head. Default: as long as the log itself says.",
    )
    options = parser.parse_args(arguments)
    if options.key is None and not options.checkpoints:
        parser.error("give --key, --checkpoints or both: without one nothing says whose the file is")
    try:
        findings, about = _check(options.file, options.key, options.checkpoints, options.retention)
    except (OSError, Malformed, UnicodeDecodeError) as error:
        _say(f"Cannot be read: {error}")
        return 2
    for line in [*about, *map(str, findings)]:
        _say(line)
    _say(f"{len(findings)} found." if findings else "Nothing is wrong.")
    return 1 if findings else 0


def _check(
    file: Path, key: Path | None, files: Sequence[Path], retention: timedelta | None
) -> tuple[list[Finding], list[str]]:
    keys = None if key is None else read_public_keys(key.read_text("utf-8"))
    if keys is not None and not keys:
        raise Malformed(f"{key} has no public key")
    emitted = read_files(files)
    findings = [
        Finding(
            Found.SIGNATURE if each.key in keys else Found.UNKNOWN_KEY,
            f"emitted checkpoint {each.number}",
            "is not signed by a key that you gave",
        )
        for each in emitted
        if keys is not None and each.key and not is_signed(each, keys)
    ]
    with file.open(encoding="utf-8") as lines:
        first = _object(lines.readline()) or {}
        if first.get("type") == LOG:
            lines.seek(0)
            verifier = Verifier(
                keys=keys, emitted=Emitted(emitted), now=moment(first.get("made_at")), retention=retention
            )
            findings += verifier.check(read_log(lines))
            seen = verifier.seen
            return findings, [
                f"{seen.events} events and {seen.checkpoints} checkpoints, {seen.signed} of them signed; "
                f"{seen.opened} details are those that were sealed, {seen.erased} were erased or are not shown; "
                f"{seen.late} events were sealed more than an hour after their time. "
                f"Compared with {len(emitted)} emitted checkpoints. Made at {first['made_at']}, as it says.",
                *seen.notes(),
            ]
    receipt = _parsed(file.read_text("utf-8"))
    findings += check_receipt(receipt, keys=keys, emitted=emitted)
    return findings, [_described(entry) for entry in receipt["entries"]]


def _described(entry: Mapping[str, Any]) -> str:
    said = _said(entry.get("entry"))
    facts = ("kind", "subject", "actor", "session", "device", "reason", "ticket", "act", "request")
    rest = ", ".join(f"{name} {said[name]}" for name in facts if said.get(name) not in (None, ""))
    return f"{said.get('at')}  event {said.get('id')}: {rest}"


def _say(line: str) -> None:
    # What is in the file is for a terminal, which takes control characters as orders.
    sys.stdout.write("".join(each if each.isprintable() else "�" for each in line) + "\n")


if __name__ == "__main__":
    sys.exit(main())
