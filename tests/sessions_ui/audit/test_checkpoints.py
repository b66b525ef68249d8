"""Checkpoints leave the site, each at least once, in one form everywhere."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from sessions_ui.audit.checkpoints import line_of
from sessions_ui.audit.seal import seal_events
from sessions_ui.channels.webhooks.payload import message
from sessions_ui.verify import read_checkpoints
from tests.models import Checkpoint, Delivery, Endpoint, Hook
from tests.sessions_ui.audit.conftest import Key, append, sql

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("about the whole log")]


@pytest.fixture
def file(settings: Any, tmp_path: Path) -> Path:
    file = tmp_path / "checkpoints.jsonl"
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CHECKPOINT_FILE": str(file)}
    return file


def numbers(file: Path) -> list[int]:
    return [each.number for each in read_checkpoints(file.read_text().splitlines())]


def sealed(user: Any) -> None:
    append(user, 1)
    seal_events()


def test_the_file_has_each_once_and_what_it_lacks_comes_with_the_next(
    user: Any, key: Key, file: Path
) -> None:
    sealed(user)
    sealed(user)
    assert numbers(file) == [1, 2]
    file.write_text(file.read_text().splitlines()[0] + "\n")  # the process died after the commit
    seal_events()
    assert numbers(file) == [1, 2]
    sealed(user)
    assert numbers(file) == [1, 2, 3]
    assert file.read_text().splitlines()[2] == line_of(Checkpoint.objects.get(number=3))


def test_a_line_that_was_broken_off_is_written_again(user: Any, key: Key, file: Path) -> None:
    sealed(user)
    sealed(user)
    file.write_text(file.read_text()[:-40])
    sealed(user)
    assert numbers(file) == [1, 2, 3]


def test_nothing_is_added_to_a_file_that_knows_more_than_the_log(
    user: Any, key: Key, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _time in range(3):
        sealed(user)
    before = file.read_text()
    sql("DELETE FROM sessions_ui_checkpoint WHERE number > 1")
    sql("DELETE FROM sessions_ui_seal WHERE position > 1")
    seal_events(everything=True)
    assert file.read_text() == before
    assert "ends at checkpoint 3, and the log at 2: what was sealed is gone" in caplog.text


def test_a_file_that_cannot_be_written_stops_no_sealing(
    user: Any, key: Key, settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SESSIONS_UI = {**settings.SESSIONS_UI, "CHECKPOINT_FILE": str(tmp_path / "missing" / "file")}
    sealed(user)
    assert Checkpoint.objects.count() == 1
    assert "CHECKPOINT_FILE: " in caplog.text


def test_each_is_logged_once(user: Any, key: Key, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sessions_ui.checkpoints")
    sealed(user)
    seal_events()
    sealed(user)
    lines = [record.getMessage() for record in caplog.records if record.name == "sessions_ui.checkpoints"]
    assert [each.number for each in read_checkpoints(lines)] == [1, 2]


def test_endpoints_that_ask_for_it_get_each_checkpoint(user: Any, key: Key) -> None:
    asks = Endpoint.objects.create(url="https://siem.example/", types=[Hook.CHECKPOINT])
    Endpoint.objects.create(url="https://other.example/", types=[Hook.SESSIONS_ENDED])
    sealed(user)
    [delivery] = Delivery.objects.filter(channel="webhook")
    assert (delivery.endpoint, delivery.checkpoint_id) == (asks, 1)
    said = json.loads(json.dumps(message(delivery, asks)))
    assert said["type"] == "log.checkpoint"
    assert said["data"] == json.loads(line_of(Checkpoint.objects.get()))
