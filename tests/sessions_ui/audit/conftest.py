"""A small log, and the key that signs it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.db import connection
from django.utils import timezone

from sessions_ui.audit import events, seal
from sessions_ui.audit.log import records
from sessions_ui.database import moments
from sessions_ui.verify import Emitted, Finding, Verifier, read_public_keys
from tests.models import Event


class Key:
    """A private key in a file, as the setting names it, and its public half."""

    def __init__(self, folder: Path, name: str) -> None:
        private = Ed25519PrivateKey.generate()
        self.private = folder / f"{name}.pem"
        self.private.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.public = folder / f"{name}.pub"
        self.public.write_bytes(public)
        self.keys = read_public_keys(public.decode())


@pytest.fixture
def make_key(tmp_path: Path) -> Callable[[str], Key]:
    return lambda name: Key(tmp_path, name)


@pytest.fixture
def key(make_key: Callable[[str], Key], settings: Any) -> Key:
    made = make_key("current")
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "SEAL_KEY": str(made.private)}
    return made


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "BATCH", 4)


@pytest.fixture
def log(user: Any, key: Key, small_batches: None) -> list[int]:
    """The keys of ten events, every second with a detail, sealed two hours ago in batches of four, four and two."""
    with time_machine.travel(timezone.now() - timedelta(hours=2), tick=True):
        made = [append(user, number) for number in range(10)]
        assert seal.seal_events().events == 10
    return made


def append(user: Any, number: int, *, kind: str = Event.Kind.DEVICE_RENAMED, **fields: Any) -> int:
    detail = {"address": f"192.0.2.{number}", "text": f"text {number}"} if number % 2 else {}
    return events.append(kind, user_id=user.pk, data={"number": number}, **detail, **fields).pk


def append_at(at: datetime, user: Any, number: int = 0, **fields: Any) -> int:
    with time_machine.travel(at, tick=False):
        return append(user, number, at=at, **fields)


def found(keys: Any, emitted: Any = ()) -> list[Finding]:
    verifier = Verifier(keys=keys, emitted=Emitted(emitted), now=moments.in_utc(timezone.now()))
    return list(verifier.check(records()))


def what(findings: list[Finding]) -> list[str]:
    return [finding.what for finding in findings]


def sql(statement: str, *parameters: Any) -> None:
    """As somebody with the password of the database would, past all that the app refuses."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        assert cursor.rowcount > 0
