"""Joins the outbox and the channels: takes what is due, tells, notes down how it went."""

from __future__ import annotations

import logging

from sessions_ui import events, outbox
from sessions_ui.channels import CHANNELS, DeliveryFailed, NotWanted
from sessions_ui.models import Delivery, Event

logger = logging.getLogger(__name__)


def deliver_due(*, limit: int = 100) -> int:
    """Make up to `limit` deliveries that are due; returns how many were tried. No transaction is held meanwhile."""
    claimed = outbox.claim(limit=limit)
    for delivery in claimed:
        deliver(delivery)
    return len(claimed)


def deliver(delivery: Delivery) -> None:
    """One claimed delivery. What went wrong is on the row, and an event once nobody will try again."""
    try:
        CHANNELS[delivery.channel].deliver(delivery)
    except NotWanted as why:
        outbox.mark_done(delivery, untold=str(why))
    except DeliveryFailed as error:
        failed(delivery, str(error), permanent=error.permanent)
    except Exception as error:
        # Whatever a mail server or a template throws must not stop the others in the queue.
        logger.warning("Delivery %s failed", delivery.pk, exc_info=True)
        failed(delivery, type(error).__name__, permanent=False)
    else:
        if outbox.mark_done(delivery):
            note(delivery, Event.Kind.TOLD)


def failed(delivery: Delivery, error: str, *, permanent: bool) -> None:
    if outbox.mark_failed(delivery, error, permanent=permanent):
        note(delivery, Event.Kind.TELLING_FAILED)


def note(delivery: Delivery, kind: Event.Kind) -> None:
    events.append(kind, user_id=delivery.user_id, act=delivery.act, data={"channel": delivery.channel})
