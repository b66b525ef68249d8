"""Workers that are killed, that are several, whose clocks are wrong."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

from django.db import connections
from django.utils import timezone
from standardwebhooks import Webhook

from sessions_ui.tasks import sweep_deliveries
from tests.faults.conftest import UNHURRIED, Outbox, Start, kill, wait_until
from tests.receivers.server import answers, hangs


def test_a_worker_is_killed_in_the_middle_of_a_thousand(start: Start, hook: Outbox) -> None:
    hook.fill(1000)
    first = start()
    wait_until(lambda: len(hook.receiver.requests) >= 300, "300 deliveries")
    hook.receiver.behaviour = hangs(0.5)
    begun = len(hook.receiver.requests)
    wait_until(lambda: len(hook.receiver.requests) > begun, "a delivery under way")
    kill(first)
    assert not hook.is_empty()
    wait_until(lambda: all(request.over for request in hook.receiver.requests), "the receiver done with it")
    hook.receiver.behaviour = answers(204)
    start()
    start()
    hook.verify(number=1000)


def test_three_workers_at_once_make_each_once(start: Start, hook: Outbox) -> None:
    hook.receiver.behaviour = hangs(0.01)
    hook.fill(300)
    for _ in range(3):
        start(**UNHURRIED)
    hook.verify(number=300)
    assert set(hook.counts().values()) == {1}


def test_a_task_that_is_delivered_twice_makes_each_delivery_once(hook: Outbox, settings: Any) -> None:
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "WEBHOOK_ALLOWED_NETWORKS": ["127.0.0.0/8"],
        "WEBHOOK_ALLOW_HTTP": True,
        "WEBHOOK_TIMEOUT": timedelta(seconds=120),
        "DELIVERY_LEASE": timedelta(seconds=600),
    }
    hook.receiver.behaviour = hangs(0.01)
    hook.fill(100)

    def task() -> None:
        try:
            sweep_deliveries()
        finally:
            connections.close_all()

    twice = [threading.Thread(target=task) for _ in range(2)]
    for thread in twice:
        thread.start()
    for thread in twice:
        thread.join()
    hook.verify(number=100)
    assert set(hook.counts().values()) == {1}


def test_workers_whose_clocks_are_ten_minutes_off(start: Start, hook: Outbox) -> None:
    """One that is ahead would take from the others what they are at; receivers would refuse what either signs."""
    hook.receiver.behaviour = hangs(0.05)
    hook.fill(150)
    start(**UNHURRIED)
    start(**UNHURRIED, CLOCK="600")
    start(**UNHURRIED, CLOCK="-600")
    hook.verify(number=150)
    assert set(hook.counts().values()) == {1}
    [secret] = hook.endpoint.secrets(timezone.now() + timedelta(minutes=1))
    for request in hook.receiver.requests:
        Webhook(secret).verify(request.body, request.headers)
