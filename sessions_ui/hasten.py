"""Asks a worker to look at the outbox, or at large endings, now. Only a hint: the sweep finds every row without it."""

from __future__ import annotations

import logging

from celery import current_app

from sessions_ui.circuit import CircuitBreaker

logger = logging.getLogger(__name__)

DELIVERIES = "sessions_ui.tasks.sweep_deliveries"
ENDINGS = "sessions_ui.tasks.sweep_endings"
# After the broker did not answer no request waits for it again for so many seconds.
BROKER = CircuitBreaker(logger, "The broker", meanwhile="the sweep finds what is to be done", pause=30)


def hasten_deliveries() -> None:
    _hasten(DELIVERIES)


def hasten_endings() -> None:
    _hasten(ENDINGS)


def _hasten(task: str) -> None:
    """Never raises and never waits long: who ended a session must not wait for a broker that is down."""
    if not BROKER.may_try():
        return
    try:
        current_app.send_task(task, retry=False, ignore_result=True)
    except Exception as error:  # every transport has exceptions of its own
        BROKER.failed(error)
    else:
        BROKER.worked()
