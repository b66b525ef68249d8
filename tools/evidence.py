"""`python -m tools.evidence`: the examples and test vectors of docs/evidence.md, always the same ones."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sessions_ui import verify

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = DOCS / "evidence.md"
EXAMPLES = DOCS / "examples" / "evidence"
BEGIN, END = "<!-- python -m tools.evidence: begin -->", "<!-- python -m tools.evidence: end -->"

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


def page(text: str) -> str:
    """The page with the vectors of today between its marks."""
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
