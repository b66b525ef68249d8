"""Reading the sealed log while something happens to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from sessions_ui.actions.sessions.purge import purge_old
from sessions_ui.audit.log import CutMeanwhile, is_cut, records
from sessions_ui.audit.seal import seal_events
from tests.models import Checkpoint, Seal
from tests.sessions_ui.audit.conftest import append, sql

pytestmark = [pytest.mark.django_db, pytest.mark.no_bystander("about the whole log")]


@pytest.fixture
def old_log(user: Any, key: Any, small_batches: None) -> None:
    """Two batches of four events that are older than RETENTION, and one of today."""
    with time_machine.travel(timezone.now() - timedelta(days=181), tick=True):
        for number in range(8):
            append(user, number)
        seal_events()
    append(user, 8)
    seal_events()


@pytest.fixture
def reader(old_log: None) -> Iterator[Any]:
    """A reader that has read the first batch, and its checkpoint."""
    reading = records()
    assert len(list(islice(reading, 5))) == 5
    return reading


def test_whoever_reads_what_retention_removes_begins_again(reader: Iterator[Any]) -> None:
    purge_old()
    with pytest.raises(CutMeanwhile):
        list(reader)


def test_what_somebody_has_removed_is_read_as_it_is(reader: Iterator[Any]) -> None:
    """A verifier finds the hole: to begin again would never end."""
    sql("DELETE FROM sessions_ui_seal WHERE position = %s", 6)
    assert len(list(reader)) == 3 + 1 + 2


def test_a_whole_log_is_not_cut(old_log: None) -> None:
    assert [is_cut(number) for number in (1, 2, 3)] == [False, False, False]


def test_the_checkpoints_up_to_the_first_that_is_left_are_cut_with_its_events(old_log: None) -> None:
    purge_old()
    first = Checkpoint.objects.order_by("number").values_list("number", "last").first()
    assert first == (2, 8) and not Seal.objects.filter(position__lte=8).exists()
    assert [is_cut(number) for number in (1, 2, 3)] == [True, True, False]


def test_where_no_checkpoint_is_left_nothing_was_cut_by_retention(old_log: None) -> None:
    sql("DELETE FROM sessions_ui_checkpoint")
    assert is_cut(1) is False
