"""The broker in a folder after a full disk: half a message stops nobody, and the next one arrives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from celery import current_app
from kombu import Connection, Exchange, Queue

from config.broker import Transport

HALVES = [b"", b'{"body": "W10sIHt9', b'{"body": "\xff']


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "queue").mkdir()
    (tmp_path / "control").mkdir()
    return tmp_path


@pytest.fixture
def connection(folder: Path) -> Iterator[Any]:
    options = {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "control_folder": str(folder / "control"),
    }
    with Connection("filesystem://localhost", transport_options=options) as connection:
        yield connection


@pytest.fixture
def name() -> str:
    """Of a queue or an exchange that no other test has used: kombu remembers in the process what it has written."""
    return uuid4().hex


def send(connection: Any, name: str, what: Any) -> None:
    with connection.SimpleQueue(name) as queue:
        queue.put(what)


def received(connection: Any, name: str) -> list[Any]:
    found = []
    with connection.SimpleQueue(name) as queue:
        while True:
            try:
                message = queue.get(block=False)
            except queue.Empty:
                return found
            found.append(message.payload)
            message.ack()


def test_the_site_uses_it() -> None:
    with current_app.connection_for_write("filesystem://localhost") as connection:
        assert isinstance(connection.transport, Transport)


@pytest.mark.parametrize("half", HALVES)
def test_half_a_message_is_dropped_and_the_next_one_arrives(
    half: bytes, folder: Path, connection: Any, name: str
) -> None:
    (folder / "queue" / f"0_half.{name}.msg").write_bytes(half)
    send(connection, name, "whole")
    (folder / "queue" / f"0_other.{name}.msg").write_bytes(half)
    assert received(connection, name) == ["whole"]
    assert not list((folder / "queue").iterdir())


@pytest.mark.parametrize("half", HALVES)
def test_half_a_table_of_queues_is_written_anew(
    half: bytes, folder: Path, connection: Any, name: str
) -> None:
    fanout = Exchange(f"news-{name}", type="fanout")
    (folder / "control" / f"news-{name}.exchange").write_bytes(half)
    channel = connection.channel()
    Queue(name, fanout)(channel).declare()
    connection.Producer(channel).publish("whole", exchange=fanout, serializer="json")
    assert received(connection, name) == ["whole"]


def test_sending_over_half_a_table_raises_nothing(folder: Path, connection: Any, name: str) -> None:
    channel = connection.channel()
    fanout = Exchange(f"news-{name}", type="fanout")(channel)
    fanout.declare()
    (folder / "control" / f"news-{name}.exchange").write_bytes(b"[[")
    connection.Producer(channel).publish("lost", exchange=fanout, serializer="json")
    assert received(connection, name) == []
