"""The figures in the format of Prometheus, by its own client library (the extra `prometheus`).

What is counted in rows is a gauge. A counter of it would fall whenever the retention time removes rows, and a counter
that falls reads as a restart; how many there were in the last hour does not. How long look-ups and endings take are
histograms, whose buckets are never removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from sessions_ui.database import moments
from sessions_ui.metrics.durations import LABELS, Histogram, Measure
from sessions_ui.metrics.figures import Figures, figures

CONTENT_TYPE: str = CONTENT_TYPE_PLAIN_0_0_4
PREFIX = "sessions_ui_"


class FiguresCollector(Collector):
    """Reads the figures when it is scraped, so nothing is kept in the process and any number of processes agree."""

    def collect(self) -> Iterator[Metric]:
        return families(figures())


def exposition() -> bytes:
    """Return what a scrape gets. The registry is made anew: this process may have one of its own for other things."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(FiguresCollector())
    return generate_latest(registry)


def families(found: Figures) -> Iterator[Metric]:
    """Yield each metric with its help text; what is not known is left out."""
    yield by("living_sessions", "Sessions that are signed in, by kind of device.", "device", found.living)
    yield one("sign_ins_last_hour", "Sign-ins in the last hour.", found.sign_ins)
    yield by("endings_last_hour", "Sessions that ended in the last hour, by reason.", "reason", found.endings)
    yield one("refusals_last_hour", "Ended sessions first turned away in the last hour.", found.refusals)
    yield one("deliveries_open", "Messages that are due and not made yet.", found.deliveries_open)
    yield one("deliveries_given_up", "Messages that were given up.", found.deliveries_given_up)
    yield one(
        "delivery_oldest_open_seconds", "For how long the oldest open message is due.", found.oldest_open
    )
    yield one("delivery_lag_seconds", "From an event to its message, on average in a day.", found.lag_average)
    yield one("delivery_lag_longest_seconds", "The same, at most.", found.lag_longest)
    seen = None if found.worker_seen_at is None else moments.aware(found.worker_seen_at).timestamp()
    yield one("worker_seen_timestamp_seconds", "When a worker was last seen at work.", seen)
    yield one("streams", "Open streams of tabs, in all processes.", found.streams)
    yield by(
        "debt_seconds",
        "What sessions lived after trust had ended, in 30 days, by cause.",
        "cause",
        found.debt,
    )
    yield one("debt_sessions", "How many sessions that were.", found.debt_sessions)
    text = "The longest that a session lived after what had to end it, in 30 days."
    yield by("containment_longest_seconds", text, "demand", found.containment)
    text = "Sessions that are signed in and should not be, by kind."
    yield by("lingering_sessions", text, "kind", found.lingering)
    text = "How long the look-up of a session takes, in all processes."
    yield histogram("look_up_seconds", text, found.durations.get(Measure.LOOK_UP))
    text = "How long an act takes that ends sessions, in all processes."
    yield histogram("ending_seconds", text, found.durations.get(Measure.ENDING))
    at = moments.aware(found.at).timestamp()
    yield one("figures_timestamp_seconds", "When these figures were read from the database.", at)


def one(name: str, text: str, value: float | None) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, text)
    if value is not None:
        family.add_metric([], value)
    return family


def histogram(name: str, text: str, taken: Histogram | None) -> Metric:
    family = HistogramMetricFamily(PREFIX + name, text)
    if taken is not None:
        up_to = [
            (label, float(number)) for label, number in zip(LABELS, accumulate(taken.numbers), strict=True)
        ]
        family.add_metric([], buckets=up_to, sum_value=taken.seconds)
    return family


def by(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
