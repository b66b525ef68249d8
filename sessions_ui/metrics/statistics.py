"""Count the numbers behind the overview's pictures.

Each is one statement; together they are kept for a minute, because on a table with a million sessions they read all of
it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Max, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from sessions_ui.database import moments
from sessions_ui.models import Act, Delivery, Session
from sessions_ui.services.site_cache import try_cache

T = TypeVar("T")

DAYS = 14
KEPT_SECONDS = 60
CACHE_KEY = "sessions_ui.metrics.statistics.1"


@dataclass(frozen=True, slots=True)
class Statistics:
    """The numbers of one moment.

    `by_kind` and `by_country` count living sign-ins, without access tokens; the `…_by_day` have an entry for each of
    the last 14 days, the oldest first. `until_refused`: from an ending to the first request refused after it, on
    average.
    """

    at: datetime
    living: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)
    by_country: dict[str, int] = field(default_factory=dict)
    sign_ins_by_day: dict[date, int] = field(default_factory=dict)
    endings_by_day: dict[date, dict[str, int]] = field(default_factory=dict)
    refusals_by_day: dict[date, int] = field(default_factory=dict)
    until_refused: timedelta | None = None
    delivery_lag: timedelta | None = None
    longest_delivery_lag: timedelta | None = None


def statistics() -> Statistics:
    found = kept_for_a_minute(CACHE_KEY, lambda: count(timezone.now()))
    assert isinstance(found, Statistics)
    return found


def kept_for_a_minute(key: str, counting: Callable[[], T]) -> T:
    """Return what the cache has under this key, else what `counting` returns, which is kept for a minute."""
    kept = try_cache(lambda: cache.get(key))
    if kept is not None:
        return kept
    counted = counting()
    try_cache(lambda: cache.set(key, counted, KEPT_SECONDS))
    return counted


def count(now: datetime) -> Statistics:
    today = moments.day_of(now)
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    since = moments.midnight(days[0])
    by_kind, by_country = living_sessions()
    refused, until_refused = refusals(since)
    average, longest = delivery_lag(now - timedelta(days=1))
    sign_ins = per_day(Session.objects.sign_ins().filter(signed_in_at__gte=since), "signed_in_at")
    endings = endings_per_day(since)
    return Statistics(
        at=now,
        living=sum(by_kind.values()),
        by_kind=dict(by_kind.most_common()),
        by_country=dict(by_country.most_common()),
        sign_ins_by_day={day: sign_ins.get(day, 0) for day in days},
        endings_by_day={day: endings.get(day, {}) for day in days},
        refusals_by_day={day: refused.get(day, 0) for day in days},
        until_refused=until_refused,
        delivery_lag=average,
        longest_delivery_lag=longest,
    )


def living_sessions() -> tuple[Counter[str], Counter[str]]:
    kinds: Counter[str] = Counter()
    countries: Counter[str] = Counter()
    rows = Session.objects.living().sign_ins().order_by().values_list("device__kind", "first_country")
    for kind, country, number in rows.annotate(number=Count("pk")):
        kinds[kind or ""] += number
        countries[country] += number
    return kinds, countries


def per_day(rows: Any, moment: str) -> dict[date, int]:
    counted = rows.order_by().annotate(day=TruncDate(moment)).values_list("day").annotate(number=Count("pk"))
    return dict(counted)


def endings_per_day(since: datetime) -> dict[date, dict[str, int]]:
    acts = Act.objects.filter(at__gte=since).order_by().annotate(day=TruncDate("at"))
    found: dict[date, dict[str, int]] = defaultdict(dict)
    for day, reason, number in acts.values_list("day", "reason").annotate(number=Sum("count")):
        found[day][reason] = number
    return found


def refusals(since: datetime) -> tuple[dict[date, int], timedelta | None]:
    refused = Session.objects.filter(refused_at__gte=since, ended_at__isnull=False)
    waited = ExpressionWrapper(F("refused_at") - F("ended_at"), output_field=DurationField())
    return per_day(refused, "refused_at"), refused.aggregate(average=Avg(waited))["average"]


def delivery_lag(since: datetime) -> tuple[timedelta | None, timedelta | None]:
    waited = ExpressionWrapper(F("done_at") - F("created_at"), output_field=DurationField())
    lag = Delivery.objects.filter(done_at__gte=since).aggregate(average=Avg(waited), longest=Max(waited))
    return lag["average"], lag["longest"]
