"""What is not told yet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import router
from django.db.models import BooleanField, ExpressionWrapper, Min, Q, QuerySet
from django.utils import timezone

from sessions_ui.models import Act, Delivery, Event
from sessions_ui.models.clock import DatabaseNow

MOST_RECEIVERS = 20  # of a mail about an event that are looked at


def open_deliveries() -> QuerySet[Delivery]:
    return Delivery.objects.filter(done_at__isnull=True, parked_at__isnull=True)


def free() -> Q:
    return Q(leased_until__isnull=True) | Q(leased_until__lte=DatabaseNow())


def mails_of(act: Act, user_id: Any) -> QuerySet[Delivery]:
    return Delivery.objects.using(router.db_for_write(Delivery)).filter(
        act=act, user_id=user_id, channel="mail"
    )


def open_about(event: Event) -> list[int]:
    """Return the keys of the deliveries about the event that are not made yet."""
    return list(open_deliveries().filter(event=event).values_list("pk", flat=True))


def is_held_up(*, user_id: Any, kind: Event.Kind) -> bool:
    """Return whether the last mail to this person about such an event could not be sent so far to any receiver.

    The mail server is away then, or has refused it.
    """
    about = Delivery.objects.filter(user_id=user_id, channel="mail", event__kind=kind)
    refused = Q(parked_at__isnull=False) | Q(due_at__gt=DatabaseNow()) | ~Q(error="")
    held = ExpressionWrapper(Q(done_at__isnull=True) & refused, output_field=BooleanField())
    rows = list(about.annotate(held=held).order_by("-pk").values_list("event_id", "held")[:MOST_RECEIVERS])
    return bool(rows) and all(held for event_id, held in rows if event_id == rows[0][0])


def oldest_open() -> timedelta | None:
    """Return how long the oldest open delivery has been waiting; None when nothing is waiting.

    Open are those that are due, and mails that wait for the mail server.
    """
    times = open_deliveries().aggregate(
        due=Min("due_at", filter=Q(due_at__lte=DatabaseNow())),
        put_off=Min("created_at", filter=Q(channel="mail", attempts=0, held_at__isnull=True)),
    )
    since = [time for time in times.values() if time is not None]
    return timezone.now() - min(since) if since else None
