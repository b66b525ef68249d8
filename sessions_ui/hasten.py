"""Asks a worker to look at the outbox now. Only a hint: the sweep finds every row without it."""

from __future__ import annotations

import logging
import time

from celery import current_app

logger = logging.getLogger(__name__)

TASK = "sessions_ui.tasks.sweep_deliveries"
PAUSE_SECONDS = 30  # after a broker did not answer, no request waits for it again for so long

_paused_until = 0.0


def hasten_deliveries() -> None:
    """Never raises and never waits long: who ended a session must not wait for a broker that is down."""
    global _paused_until
    if time.monotonic() < _paused_until:
        return
    try:
        current_app.send_task(TASK, retry=False, ignore_result=True)
    except Exception as error:  # every transport has exceptions of its own
        _paused_until = time.monotonic() + PAUSE_SECONDS
        logger.warning("The broker cannot be reached (%s); the sweep will deliver.", type(error).__name__)
