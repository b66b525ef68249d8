"""Several sealers beside those who write events, and beside who erases details."""

from __future__ import annotations

import random
import time
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from sessions_ui.audit import events, seal
from sessions_ui.audit.log import records
from sessions_ui.database.transactions import retried
from sessions_ui.verify import Verifier
from tests.models import Event, EventDetail, Seal
from tests.races.race import ROUNDS

pytestmark = pytest.mark.no_bystander("about the whole log")

EVENTS = 10


def write(person: Any) -> None:
    """Transactions of one or two events, which commit in another order than they began."""
    for number in range(EVENTS // 2):

        def both(number: int = number) -> None:
            with transaction.atomic():
                for _each in range(2):
                    event = events.append(Event.Kind.DEVICE_RENAMED, user_id=person.pk, text=f"text {number}")
                    if number % 2:  # as a statement of the database makes it
                        EventDetail.objects.filter(pk=event.pk).update(salt=None)
                time.sleep(random.uniform(0, 0.005))

        retried(both)


def erase(person: Any) -> None:
    for _time in range(5):
        time.sleep(random.uniform(0, 0.01))
        some = list(EventDetail.objects.values_list("pk", flat=True)[:3])
        retried(partial(EventDetail.objects.filter(pk__in=some).forget, text="erased"))


def test_each_event_gets_one_place_whoever_seals_writes_and_erases(
    transactional_db: None, person: Any, at_once: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal, "BATCH", 4)
    for _round in range(max(ROUNDS // 20, 1)):
        at = timezone.now()
        done = at_once(*[partial(write, person)] * 3, *[seal.seal_events] * 3, *[partial(erase, person)] * 2)
        assert [each for each in done if isinstance(each, Exception)] == []
        seal.seal_events()
        assert not Event.objects.filter(seal__isnull=True, at__gte=at).exists()
        positions = list(Seal.objects.order_by("position").values_list("position", flat=True))
        assert positions == list(range(1, len(positions) + 1))
        assert [str(each) for each in Verifier(now=timezone.now()).check(records())] == []
