"""Ask a worker to look at the outbox, or at large endings, now. Only a hint: the sweep finds every row without it.

A host project without a Celery app of its own publishes nothing, and Celery need not be installed there.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

from sessions_ui.services.circuit_breaker import CircuitBreaker

logger = logging.getLogger(__name__)

DELIVERIES = "sessions_ui.tasks.sweep_deliveries"
ENDINGS = "sessions_ui.tasks.sweep_endings"
# What beat has to call, or cron: see README.md and docs/production.md.
PERIODIC = (
    DELIVERIES,
    ENDINGS,
    "sessions_ui.tasks.reconcile",
    "sessions_ui.tasks.purge",
    "sessions_ui.tasks.seal",
    "sessions_ui.tasks.warn_of_tokens",
    "sessions_ui.tasks.end_unused",
)
# When the broker did not answer, no request waits for it again for so many seconds.
BROKER = CircuitBreaker(logger, "The broker", meanwhile="the sweep finds what is to be done", pause=30)

_seen: Any = None  # the host's app, for the threads that do not know it


def queue_deliveries_task() -> bool:
    """Ask a worker to make the deliveries that are due; return whether one could be asked."""
    return _send_task(DELIVERIES)


def queue_endings_task() -> bool:
    """Ask a worker to carry out large endings; return whether one could be asked."""
    return _send_task(ENDINGS)


def host_app() -> Any:
    """Return the Celery app that the host project has made, as far as this process knows; None where there is none.

    Celery knows a current app by the thread that made it, and a default one for all others: the project's where Celery
    found Django's settings, otherwise one that Celery makes itself when it is asked. That one has a broker which nobody
    named (`amqp://guest@localhost`). It is neither asked for here nor made, because it would take the place of an app
    that the project makes later.
    """
    global _seen
    state = sys.modules.get("celery._state")
    if state is None:
        return None
    app = state._tls.current_app or state.default_app
    if app is not None and app.set_as_current:  # Celery's own is not
        _seen = app
    return _seen


def _send_task(task: str) -> bool:
    """Send the task to the broker; return whether that worked.

    Never raises and never waits long, because whoever ended a session must not wait for a broker that is down.
    """
    app = host_app()
    if app is None or not BROKER.may_try():
        return False
    try:
        with app.producer_pool.acquire(block=True) as producer:
            _connect_once(producer)
            app.send_task(task, producer=producer, retry=False, ignore_result=True)
    except Exception as error:  # every transport has exceptions of its own
        BROKER.failed(error)
        return False
    BROKER.worked()
    return True


def _connect_once(producer: Any) -> None:
    """Connect to the broker, or raise at once. `retry=False` says nothing about connecting: Kombu goes on with that
    for `broker_connection_timeout`, and sleeps two seconds and more in between, also where it is refused at once."""
    connection = producer.connection
    if not connection.connected:
        connection.ensure_connection(max_retries=0)
        producer.revive(connection.default_channel)
