"""Receivers that answer 500, hang, redirect, hang up, or want no more."""

from __future__ import annotations

import itertools
from http.server import BaseHTTPRequestHandler

from tests.faults.conftest import Outbox, Start, wait_until
from tests.models import Delivery
from tests.receivers.server import answers, hangs, hangs_up


def test_what_failed_in_every_way_arrives_when_the_receiver_is_well_again(start: Start, hook: Outbox) -> None:
    ways = itertools.cycle(
        [answers(500), hangs(1.5), answers(302, Location="/elsewhere"), hangs_up, answers(503), answers(204)]
    )

    def behave(handler: BaseHTTPRequestHandler) -> None:
        next(ways)(handler)

    hook.receiver.behaviour = behave
    hook.fill(40)
    start()
    start()
    wait_until(lambda: len(hook.receiver.requests) >= 18, "each way three times")
    hook.receiver.behaviour = answers(204)
    hook.verify(number=40)


def test_410_ends_it_and_nothing_is_lost_from_sight(start: Start, hook: Outbox) -> None:
    hook.receiver.behaviour = answers(410)
    hook.fill(20)
    start()
    start()
    wait_until(lambda: not Delivery.objects.filter(parked_at__isnull=True).exists(), "all given up")
    hook.endpoint.refresh_from_db()
    assert hook.endpoint.disabled_at is not None
    assert hook.counts().total() <= 2, "no more than what was under way"
    assert Delivery.objects.filter(parked_at__isnull=False).count() == 20
