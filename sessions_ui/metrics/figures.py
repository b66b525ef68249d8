"""The numbers that a monitoring system scrapes: read from the database, so whichever process is asked says the same.

They are kept for a minute, as those of the overview are: a scrape every few seconds costs the database nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Min, Sum
from django.utils import timezone

from sessions_ui.metrics.containment import containment
from sessions_ui.metrics.debt import debt
from sessions_ui.metrics.durations import Histogram, histograms
from sessions_ui.metrics.lingering import lingering
from sessions_ui.metrics.statistics import kept_for_a_minute, statistics
from sessions_ui.models import Act, Delivery, Heartbeat, Session

CACHE_KEY = "sessions_ui.metrics.figures.2"
HOUR = timedelta(hours=1)
STREAMS_SEEN = timedelta(seconds=75)  # a process says every half a minute how many it has


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of one moment. Times are in seconds; a key of a mapping is a label. None: not known, or none yet."""

    at: datetime
    living: Mapping[str, int] = field(default_factory=dict)  # by kind of device
    sign_ins: int = 0  # in the last hour, as the next two
    endings: Mapping[str, int] = field(default_factory=dict)  # by reason
    refusals: int = 0
    deliveries_open: int = 0
    deliveries_given_up: int = 0
    oldest_open: float = 0.0
    lag_average: float | None = None  # of what was delivered in the last day
    lag_longest: float | None = None
    worker_seen_at: datetime | None = None
    streams: int = 0
    debt: Mapping[str, float] = field(default_factory=dict)  # by cause, of 30 days
    debt_sessions: int = 0
    containment: Mapping[str, float] = field(default_factory=dict)  # the longest, by what had to end sessions
    lingering: Mapping[str, int] = field(default_factory=dict)  # by kind; what is not known is left out
    durations: Mapping[str, Histogram] = field(
        default_factory=dict
    )  # by what took so long, since the beginning


def figures() -> Figures:
    """Return the figures, no older than a minute."""
    found = kept_for_a_minute(CACHE_KEY, lambda: count(timezone.now()))
    assert isinstance(found, Figures)
    return found


def count(now: datetime) -> Figures:
    numbers = statistics()
    owed = debt(now)
    an_hour_ago = now - HOUR
    acts = Act.objects.filter(at__gte=an_hour_ago).order_by().values_list("reason")
    waiting = Delivery.objects.filter(done_at__isnull=True, parked_at__isnull=True, due_at__lte=now)
    queue = waiting.aggregate(number=Count("pk"), oldest=Min("due_at"))
    streams = Heartbeat.objects.filter(name__startswith=Heartbeat.STREAMS, seen_at__gte=now - STREAMS_SEEN)
    return Figures(
        at=now,
        living={kind or "unknown": number for kind, number in numbers.by_kind.items()},
        sign_ins=Session.objects.sign_ins().filter(signed_in_at__gte=an_hour_ago).count(),
        endings=dict(acts.annotate(number=Sum("count"))),
        refusals=Session.objects.filter(refused_at__gte=an_hour_ago).count(),
        deliveries_open=queue["number"],
        deliveries_given_up=Delivery.objects.filter(parked_at__isnull=False).count(),
        oldest_open=seconds(now - queue["oldest"]) if queue["oldest"] else 0.0,
        lag_average=None if numbers.delivery_lag is None else seconds(numbers.delivery_lag),
        lag_longest=None if numbers.longest_delivery_lag is None else seconds(numbers.longest_delivery_lag),
        worker_seen_at=Heartbeat.last("worker"),
        streams=streams.aggregate(number=Sum("number"))["number"] or 0,
        debt={str(cause): seconds(amount) for cause, amount in owed.by_cause().items()},
        debt_sessions=owed.total.sessions + owed.waiting.sessions,
        containment={str(each.demand): seconds(each.longest) for each in containment(owed)},
        lingering={str(each.kind): each.number for each in lingering(now) if each.number is not None},
        durations=histograms(),
    )


def seconds(passed: timedelta) -> float:
    return max(passed.total_seconds(), 0.0)
