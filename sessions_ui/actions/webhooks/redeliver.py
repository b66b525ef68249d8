"""Deliver again what was given up, and webhooks that a receiver has lost."""

from __future__ import annotations

from typing import Any

from django.db import router
from django.db.models import QuerySet

from sessions_ui import context, outbox
from sessions_ui.actions.acting_session import verify_acting_session_without_lock
from sessions_ui.actor import actor_of
from sessions_ui.audit import events
from sessions_ui.database.transactions import atomically
from sessions_ui.models import Delivery, Event


@atomically
def redeliver(*, deliveries: QuerySet[Delivery], actor: Any) -> int:
    """Put deliveries that were given up, and webhooks that were delivered, back in the queue; return how many.

    They keep their ids, so that a receiver knows what it has had. Mails that were sent are left alone.
    """
    context.require_owner()
    verify_acting_session_without_lock()
    count = outbox.again(deliveries.using(router.db_for_write(Delivery)))
    if count:
        events.append(Event.Kind.REDELIVERED, actor_id=actor_of(actor).pk, data={"count": count})
    return count
