"""Claim a delivery, and mark it as done. What failed is tried again as `retries.py` says.

A delivery is claimed by a conditional UPDATE with a lease, so that two workers never make the same one at the same
time, and a worker that dies leaves it to the sweep. The lease goes by the database's clock.
"""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone

from sessions_ui.conf import conf
from sessions_ui.models import Delivery
from sessions_ui.models.clock import DatabaseNow
from sessions_ui.outbox.waiting import free, open_deliveries


def due(*, limit: int) -> list[int]:
    """Return the keys of up to `limit` deliveries that are due and that nobody holds, the longest due first.

    Nothing is held yet: each is claimed just before it is made. A worker that claimed many and then told them one after
    another would outlive its lease at the first slow receiver.
    """
    waiting = open_deliveries().filter(free(), due_at__lte=DatabaseNow())
    return list(waiting.order_by("due_at").values_list("pk", flat=True)[:limit])


def claim(pk: int) -> Delivery | None:
    """Claim the delivery for the lease, and return it; None where somebody else was faster."""
    claimable = open_deliveries().filter(free(), pk=pk, due_at__lte=DatabaseNow())
    held = claimable.update(leased_until=DatabaseNow() + conf.delivery_lease, attempts=F("attempts") + 1)
    return Delivery.objects.select_related("act", "endpoint").get(pk=pk) if held else None


def claim_held_with(delivery: Delivery) -> list[Delivery]:
    """Claim the others that were held back for the same person and are due; return them, the oldest first."""
    if delivery.user_id is None:
        return []
    waiting = open_deliveries().filter(
        free(),
        user_id=delivery.user_id,
        channel=delivery.channel,
        receiver=delivery.receiver,
        held_at__isnull=False,
        due_at__lte=DatabaseNow(),
    )
    keys = list(waiting.order_by("pk").values_list("pk", flat=True))
    return [held for pk in keys if (held := claim(pk)) is not None]


def mark_done(delivery: Delivery, *, untold: str = "") -> bool:
    """Mark the delivery as done; return False where somebody else finished it after our lease had run out.

    `untold` says why nobody had to be told.
    """
    done = open_deliveries().filter(pk=delivery.pk)
    fields = {"done_at": timezone.now(), "leased_until": None, "error": untold[:255], "sealed": None}
    return bool(done.update(**fields, **logged(delivery)))


def logged(delivery: Delivery) -> dict[str, object]:
    """Return what is to be written of the attempts: nothing where the channel has noted none."""
    return {} if delivery.attempt_log is None else {"attempt_log": delivery.attempt_log}
