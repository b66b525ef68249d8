"""Whether an act worked, from the rows: what it ended, when each was first refused, who was told and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from sessions_ui.models import Act, Delivery, Event, Session
from sessions_ui.models.primary import with_users

MOST = 100  # sessions and messages that are named; the numbers are of all


@dataclass(frozen=True, slots=True)
class Told:
    """How many messages of one channel there were, and how many of them are made, given up or still open."""

    channel: str
    number: int
    done: int
    given_up: int
    last_at: datetime | None

    @property
    def still_open(self) -> int:
        return self.number - self.done - self.given_up


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of an act. `in_force_at`: since when what it ended was over; None where it ended nothing.

    `refused`: how many were turned away since then; `tabs`: of how many an open tab was told. The moments are those of
    the first. `lived_on`: how many it concerned but did not end, since they had ended, or go on until a date; `living`
    of them live now, and `over_at` is when the last one ended. `sessions` and `deliveries` are the first `MOST`.
    """

    ordered_at: datetime
    happened_at: datetime | None
    in_force_at: datetime | None
    ended: int
    refused: int
    first_refused_at: datetime | None
    tabs: int
    first_tabs_told_at: datetime | None
    told: Sequence[Told]
    sessions: Sequence[Session]
    deliveries: Sequence[Delivery]
    lived_on: int = 0
    living: int = 0
    over_at: datetime | None = None

    @property
    def containment(self) -> timedelta | None:
        """From the moment at which trust ended (else from the order) until nothing lived that it concerned.

        None while something does, or where it concerned nothing.
        """
        ends = [moment for moment in (self.in_force_at, self.over_at) if moment is not None]
        if self.living or not ends:
            return None
        return max(ends) - (self.happened_at or self.ordered_at)


def proof_of(act: Act) -> Proof:
    """Return what the rows prove of this act, in a fixed number of statements.

    What it ended is found by the events, because no session has an index of its act.
    """
    ended = Event.objects.filter(act=act, kind=Event.Kind.ENDED).values("session_id")
    sessions = Session.objects.filter(pk__in=ended)
    sums = sessions.aggregate(
        ended=Count("pk"),
        in_force_at=Max("ended_at"),
        refused=Count("refused_at"),
        first_refused_at=Min("refused_at"),
        tabs=Count("tabs_told_at"),
        first_tabs_told_at=Min("tabs_told_at"),
    )
    if act.happened_at is not None:
        others = Session.objects.filter(untrusted_act=act).exclude(act=act)
        sums |= others.aggregate(
            lived_on=Count("pk"),
            living=Count("pk", filter=Q(ended_at__isnull=True, expires_at__gt=timezone.now())),
            over_at=Max(Least(Coalesce("ended_at", "expires_at"), "expires_at")),
        )
    if act.ending is not None and act.ending.rule:  # refused since the order, whenever the sweep came
        sums["in_force_at"] = sums["in_force_at"] and act.ending.created_at
    rows = with_users(sessions.select_related("device").defer("payload"), "user")
    deliveries = Delivery.objects.filter(act=act)
    return Proof(
        ordered_at=act.at if act.ending is None else act.ending.created_at,
        happened_at=act.happened_at,
        told=told(deliveries),
        sessions=list(rows.order_by("pk")[:MOST]),
        deliveries=list(deliveries.select_related("endpoint").order_by("pk")[:MOST]),
        **sums,
    )


def told(deliveries: QuerySet[Delivery]) -> list[Told]:
    counted = (
        deliveries.order_by("channel")
        .values("channel")
        .annotate(
            number=Count("pk"),
            done=Count("done_at"),
            given_up=Count("parked_at"),
            last_at=Max("done_at"),
        )
    )
    return [Told(**row) for row in counted]
