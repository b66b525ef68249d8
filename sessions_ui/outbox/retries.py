"""What becomes of a delivery that failed or cannot be made yet: when it is tried again, and when no more.

Whoever has lost the lease meanwhile changes nothing: the number of attempts says whose turn it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import SystemRandom

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from sessions_ui.conf import conf
from sessions_ui.models import Delivery
from sessions_ui.models.clock import DatabaseNow
from sessions_ui.outbox.claims import logged
from sessions_ui.outbox.waiting import free, open_deliveries

# For what is due at an endpoint that did not answer, or at a mail server that is away.
PAUSE = timedelta(seconds=30)

_random = SystemRandom()


def retry_or_park(delivery: Delivery, error: str, *, permanent: bool) -> bool:
    """Try the delivery again later, or park it for an administrator; return whether it was parked."""
    retries = conf.delivery_retries
    fields: dict[str, object] = {"leased_until": None, "error": error[:255], **logged(delivery)}
    parked = permanent or delivery.attempts > len(retries)
    if parked:
        fields["parked_at"] = timezone.now()
    else:
        # What failed together should not come back together.
        fields["due_at"] = DatabaseNow() + retries[delivery.attempts - 1] * _random.uniform(0.9, 1.1)
    return bool(_mine(delivery).update(**fields)) and parked


def hold(delivery: Delivery, until: datetime) -> None:
    """Hold the delivery back until then. It is nobody's fault, so it counts as no attempt."""
    _mine(delivery).update(
        due_at=until, held_at=timezone.now(), leased_until=None, attempts=F("attempts") - 1
    )


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
    later = DatabaseNow() + PAUSE + timedelta(seconds=1)
    return others + _mine(delivery).update(due_at=later, leased_until=None, attempts=F("attempts") - 1)


def _mine(delivery: Delivery) -> QuerySet[Delivery]:
    """Return this delivery, as long as nobody else has claimed it since."""
    return open_deliveries().filter(pk=delivery.pk, attempts=delivery.attempts)


def _put_off(which: Q, pause: timedelta) -> int:
    due = open_deliveries().filter(free(), which, due_at__lte=DatabaseNow())
    return due.update(due_at=DatabaseNow() + pause)
