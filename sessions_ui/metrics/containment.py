"""Time to containment: how long the last session lived after what had to end it.

What an act ends is over at the moment of the act (`Session.ended_at` is `Act.at`), so all that takes longer has debt:
where trust had ended before, where batches came later, where something lived on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, Sum

from sessions_ui.metrics.debt import NONE, Debt
from sessions_ui.models import Act, EndReason


class Demand(StrEnum):
    """What has to end sessions."""

    RESET = "reset"
    LEAVER = "leaver"
    LOSS = "loss"
    INCIDENT = "incident"


REASONS: dict[Demand, tuple[EndReason, ...]] = {
    Demand.RESET: (EndReason.PASSWORD_RESET, EndReason.PASSWORD_CHANGED),
    Demand.LEAVER: (EndReason.OFFBOARDED, EndReason.ACCOUNT_DISABLED, EndReason.ACCOUNT_DELETED),
    Demand.LOSS: (EndReason.DEVICE_LOST,),
    Demand.INCIDENT: (EndReason.INCIDENT, EndReason.NOT_ME, EndReason.SUSPICIOUS),
}


@dataclass(frozen=True, slots=True)
class Containment:
    """`acts` of this kind, and how many sessions they ended; the longest that a session lived since trust had ended,
    and since it was reported. `living`: how many of what they concern live now."""

    demand: Demand
    acts: int = 0
    sessions: int = 0
    longest: timedelta = NONE
    longest_from_report: timedelta = NONE
    living: int = 0


def containment(found: Debt) -> list[Containment]:
    """Return the containment of what was reported in the time of `found`. One statement."""
    reasons = [reason for group in REASONS.values() for reason in group]
    acts = Act.objects.filter(at__gte=found.since, reason__in=reasons).order_by().values("reason")
    counted = {row["reason"]: row for row in acts.annotate(acts=Count("pk"), ended=Sum("count"))}
    return [_of(demand, group, counted, found) for demand, group in REASONS.items()]


def _of(demand: Demand, group: tuple[EndReason, ...], counted: dict[str, Any], found: Debt) -> Containment:
    acts = [counted[reason] for reason in group if reason in counted]
    amounts = [found.by_reason[reason] for reason in group if reason in found.by_reason]
    return Containment(
        demand=demand,
        acts=sum(row["acts"] for row in acts),
        sessions=sum(row["ended"] for row in acts),
        longest=max((amount.longest for amount in amounts), default=NONE),
        longest_from_report=max((amount.longest_after for amount in amounts), default=NONE),
        living=sum(amount.living for amount in amounts),
    )
