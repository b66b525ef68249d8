"""Claim a delivery, and record what became of it.

A delivery is claimed by a conditional UPDATE with a lease, so that two workers never make the same one at the same
time, and a worker that dies leaves it to the sweep. The lease goes by the database's clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import SystemRandom

from django.db.models import F, Q
from django.utils import timezone

from sessions_ui.conf import conf
from sessions_ui.models import Delivery
from sessions_ui.models.clock import DatabaseNow
from sessions_ui.outbox.waiting import free, open_deliveries

_random = SystemRandom()

PAUSE = timedelta(
    seconds=30
)  # for what is due at an endpoint that did not answer, or at a mail server that is away


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


def retry_or_park(delivery: Delivery, error: str, *, permanent: bool) -> bool:
    """Try the delivery again later, or park it for an administrator; return whether it was parked.

    Whoever has lost the lease meanwhile changes nothing: the number of attempts says whose turn it is.
    """
    retries = conf.delivery_retries
    fields: dict[str, object] = {"leased_until": None, "error": error[:255], **logged(delivery)}
    parked = permanent or delivery.attempts > len(retries)
    if parked:
        fields["parked_at"] = timezone.now()
    else:
        # What failed together should not come back together.
        fields["due_at"] = DatabaseNow() + retries[delivery.attempts - 1] * _random.uniform(0.9, 1.1)
    mine = open_deliveries().filter(pk=delivery.pk, attempts=delivery.attempts)
    return bool(mine.update(**fields)) and parked


def logged(delivery: Delivery) -> dict[str, object]:
    """Return what is to be written of the attempts: nothing where the channel has noted none."""
    return {} if delivery.attempt_log is None else {"attempt_log": delivery.attempt_log}


def hold(delivery: Delivery, until: datetime) -> None:
    """Hold the delivery back until then. It is nobody's fault, so it counts as no attempt."""
    mine = open_deliveries().filter(pk=delivery.pk, attempts=delivery.attempts)
    mine.update(due_at=until, held_at=timezone.now(), leased_until=None, attempts=F("attempts") - 1)


def put_off(delivery: Delivery) -> int:
    """Put off what else is due at this delivery's endpoint, which did not answer; return how many.

    It counts as no attempt. Otherwise a queue of a thousand for a receiver that hangs would keep a worker for hours,
    and the mails behind it.
    """
    return _put_off(Q(endpoint=delivery.endpoint), min([PAUSE, *conf.delivery_retries]))


def wait_for_server(delivery: Delivery) -> int:
    """Put off this delivery and all that is due on its channel, whose server is away; return how many.

    It counts as no attempt. This delivery comes after the others then: should it be this very mail that the server
    cannot stand, they do not wait for it.
    """
    others = _put_off(Q(channel=delivery.channel), PAUSE)
    mine = open_deliveries().filter(pk=delivery.pk, attempts=delivery.attempts)
    later = DatabaseNow() + PAUSE + timedelta(seconds=1)
    return others + mine.update(due_at=later, leased_until=None, attempts=F("attempts") - 1)


def _put_off(which: Q, pause: timedelta) -> int:
    due = open_deliveries().filter(free(), which, due_at__lte=DatabaseNow())
    return due.update(due_at=DatabaseNow() + pause)
