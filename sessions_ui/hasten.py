"""Asks a worker to look at the outbox, or at large endings, now. Only a hint: the sweep finds every row without it."""

from __future__ import annotations

import logging
import time

from celery import current_app

logger = logging.getLogger(__name__)

DELIVERIES = "sessions_ui.tasks.sweep_deliveries"
ENDINGS = "sessions_ui.tasks.sweep_endings"
PAUSE_SECONDS = 30  # after a broker did not answer, no request waits for it again for so long

_paused_until = 0.0


def hasten_deliveries() -> None:
    _hasten(DELIVERIES)


def hasten_endings() -> None:
    _hasten(ENDINGS)


def _hasten(task: str) -> None:
    """Never raises and never waits long: who ended a session must not wait for a broker that is down."""
    global _paused_until
    if time.monotonic() < _paused_until:
        return
    try:
        current_app.send_task(task, retry=False, ignore_result=True)
    except Exception as error:  # every transport has exceptions of its own
        _paused_until = time.monotonic() + PAUSE_SECONDS
        logger.warning("The broker cannot be reached (%s); the sweep will do it.", type(error).__name__)
