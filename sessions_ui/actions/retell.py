"""Telling again what was given up, and webhooks that a receiver has lost."""

from __future__ import annotations

from typing import Any

from django.db import router, transaction
from django.db.models import QuerySet

from sessions_ui import acting, events, outbox
from sessions_ui.hasten import hasten_deliveries
from sessions_ui.models import Delivery, Event
from sessions_ui.transactions import atomically


@atomically
def retell(*, deliveries: QuerySet[Delivery], actor: Any) -> int:
    """Those of the queryset that were given up, and webhooks that were delivered, start anew; returns how many.

    Under the same ids, so that a receiver knows what it has had. Mails that were sent are left alone.
    """
    acting.require_owner()
    using = router.db_for_write(Delivery)
    count = outbox.again(deliveries.using(using))
    if count:
        events.append(Event.Kind.RETOLD, actor_id=getattr(actor, "pk", None), data={"count": count})
        transaction.on_commit(hasten_deliveries, using=using)
    return count
