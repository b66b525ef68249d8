"""Join the outbox and the channels: take what is due, send it, record how it went."""

from __future__ import annotations

import logging
import time
from collections import Counter
from enum import StrEnum

from django.core.mail import EmailMessage

from sessions_ui import outbox
from sessions_ui.actions.webhooks.endpoints import switch_off
from sessions_ui.audit import events
from sessions_ui.channels import CHANNELS, DeliveryFailed, Gone, NotNow, NotWanted, ServerAway
from sessions_ui.channels.emails.channel import send
from sessions_ui.channels.emails.sealed import seal
from sessions_ui.metrics.health import is_worker_late
from sessions_ui.models import Delivery, Event, Heartbeat
from sessions_ui.services.queueing import queue_deliveries_task

logger = logging.getLogger(__name__)

BATCH = 100  # keys looked up by one statement
SECONDS = 60  # a run that takes longer leaves the rest to the next one


class Outcome(StrEnum):
    DELIVERED = "delivered"
    NOT_WANTED = "not wanted"
    LATER = "to be tried again"
    GIVEN_UP = "given up"


def deliver_all(*, seconds: float = SECONDS) -> Counter[Outcome]:
    """Make the deliveries that are due, until none is or `seconds` are over; return how many had which outcome.

    It is the worker's sign of life. What fails is tried again later (`DELIVERY_RETRIES`) and raises nothing here.
    """
    Heartbeat.beat("worker")
    deadline = time.monotonic() + seconds
    made: Counter[Outcome] = Counter()
    while batch := deliver_due(deadline=deadline):
        made += batch
    return made


def deliver_awaited(event: Event) -> None:
    """Have the mails about `event` sent: somebody waits for them at the screen.

    A worker sends them, or they are sent here and now where none can be asked or was seen at work. Call it after
    commit. Each is claimed first, so that nobody gets two should a worker be there after all.
    """
    if queue_deliveries_task() and not is_worker_late(Heartbeat.last("worker")):
        return
    for pk in outbox.open_about(event):
        if (delivery := outbox.claim(pk)) is not None:
            deliver(delivery)


def deliver_due(*, limit: int = BATCH, deadline: float | None = None) -> Counter[Outcome]:
    """Make up to `limit` deliveries that are due; return how many had which outcome.

    No transaction is held meanwhile. `deadline` is a time of `time.monotonic()` after which none is begun.
    """
    made: Counter[Outcome] = Counter()
    for pk in outbox.due(limit=limit):
        if deadline is not None and time.monotonic() > deadline:
            break
        if (delivery := outbox.claim(pk)) is not None:
            made[deliver(delivery)] += 1
    return made


def deliver(delivery: Delivery) -> Outcome:
    """Make one claimed delivery. What went wrong is recorded on the row, and as an event once nobody will try again."""
    try:
        CHANNELS[delivery.channel].deliver(delivery)
    except NotWanted as why:
        outbox.mark_done(delivery, untold=str(why))
        return Outcome.NOT_WANTED
    except NotNow as turn:
        outbox.hold(delivery, turn.until)
        return Outcome.LATER
    except ServerAway:  # the log has it from the channel
        outbox.wait_for_server(delivery)
        return Outcome.LATER
    except Gone as error:
        if delivery.endpoint is not None:  # 410 disables an endpoint, says Standard Webhooks
            switch_off(endpoint=delivery.endpoint, why=str(error))
        return failed(delivery, str(error), permanent=True)
    except DeliveryFailed as error:
        return failed(delivery, str(error), permanent=error.permanent)
    except Exception as error:
        # Whatever a mail server or a template throws must not stop the others in the queue.
        logger.warning("Delivery %s failed", delivery.pk, exc_info=True)
        return failed(delivery, type(error).__name__, permanent=False)
    # That people were told is history; of webhooks the rows say enough, and what a bridge has ended has its own event.
    if outbox.mark_done(delivery) and delivery.channel == "mail" and not delivery.sealed:
        note(delivery, Event.Kind.DELIVERED)
    return Outcome.DELIVERED


def failed(delivery: Delivery, error: str, *, permanent: bool) -> Outcome:
    if delivery.endpoint_id is not None and not permanent:
        outbox.put_off(delivery)
    if not outbox.retry_or_park(delivery, error, permanent=permanent):
        return Outcome.LATER
    note(delivery, Event.Kind.DELIVERY_FAILED)
    return Outcome.GIVEN_UP


def note(delivery: Delivery, kind: Event.Kind) -> None:
    events.append(kind, user_id=delivery.user_id, act=delivery.act, data={"channel": delivery.channel})


def send_or_keep(message: EmailMessage) -> None:
    """Send a mail of the host project now; where that fails it waits in the outbox, encrypted, and the worker sends it.

    Never raises for a mail server that is away. Keeping it needs the package `cryptography` (the extra `webhooks`), and
    is part of the caller's transaction.
    """
    try:
        send(message)
    except (ServerAway, DeliveryFailed, OSError) as error:
        if not isinstance(error, ServerAway):
            logger.warning("A mail could not be sent (%s) and waits in the outbox.", type(error).__name__)
        outbox.enqueue_sealed(seal(message), receiver=", ".join(message.to)[:320])
