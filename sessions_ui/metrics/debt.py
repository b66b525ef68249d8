"""Session persistence debt: what sessions lived after trust had ended.

An act may say that trust had ended before it (`Act.happened_at`): somebody left on Friday, and was reported on Monday.
The debt of each session that it concerns is the time from then, or from its sign-in where that was later, until it was
over: ended, out of time, or now. A session has debt once, whatever number of acts concern it
(`Session.untrusted_since`).

Each second of it has one cause. Before the act it is `MANUAL` where somebody had to decide it, `DELAYED` where a
program reported it late. After the act it is `DELAYED` until the act itself (or a batch of it) has ended the session,
and `PARTIAL` where something else had to.

All of it is added up by the database: a fixed number of statements, each of a bounded number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import (
    Case,
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Max,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Least, TruncDate
from django.utils import timezone

from sessions_ui.database import moments
from sessions_ui.models import EndingBatch, Session

DAYS = 30
MOST_DAYS = 3_660
PEOPLE = 10  # those with the most debt
NONE = timedelta(0)


class Cause(StrEnum):
    MANUAL = "manual"  # somebody had to decide
    PARTIAL = "partial"  # some sessions lived on
    DELAYED = "delayed"  # the report, or what carried it out, came late


@dataclass(frozen=True, slots=True)
class Amount:
    """How long sessions lived after trust had ended, by cause; how many they were, and how many of them still live."""

    sessions: int = 0
    living: int = 0
    manual: timedelta = NONE
    partial: timedelta = NONE
    delayed: timedelta = NONE
    longest: timedelta = NONE  # of one session
    longest_after: timedelta = NONE  # the same from the act on

    @property
    def total(self) -> timedelta:
        return self.manual + self.partial + self.delayed

    def by_cause(self) -> dict[Cause, timedelta]:
        return {Cause.MANUAL: self.manual, Cause.PARTIAL: self.partial, Cause.DELAYED: self.delayed}


@dataclass(frozen=True, slots=True)
class Debt:
    """The debt of what was reported since a moment.

    `by_day` has every day, the oldest first, by the day of the report; `by_user` the users (primary keys) with the
    most. `waiting`: the sessions that large sign-outs have still to end, and what they have lived since that was
    ordered.
    """

    at: datetime
    since: datetime
    total: Amount = Amount()
    by_reason: dict[str, Amount] = field(default_factory=dict)
    by_day: dict[date, Amount] = field(default_factory=dict)
    by_user: dict[Any, Amount] = field(default_factory=dict)
    waiting: Amount = Amount()

    @property
    def seconds(self) -> float:
        """All of it, that of the sessions that still wait included."""
        return (self.total.total + self.waiting.total).total_seconds()

    def by_cause(self) -> dict[Cause, timedelta]:
        waiting = self.waiting.by_cause()
        return {cause: amount + waiting[cause] for cause, amount in self.total.by_cause().items()}


def debt(now: datetime, *, days: int = DAYS) -> Debt:
    """Return the debt of what was reported today and on the days before, `days` in all. Five statements."""
    today = moments.day_of(now)
    first = today - timedelta(days=days - 1)
    since = moments.midnight(first)
    rows = untrusted_sessions(now, since)
    by_day = grouped(rows.annotate(day=TruncDate("untrusted_act__at")), "day")
    return Debt(
        at=now,
        since=since,
        total=amount_of(rows.aggregate(**SUMS)),
        by_reason=grouped(rows, "untrusted_act__reason"),
        by_day={day: by_day.get(day, Amount()) for day in days_from(first, days)},
        by_user=grouped(rows, "user_id", most=PEOPLE),
        waiting=waiting(now),
    )


def session_debt(*, days: int = DAYS) -> Debt:
    """Return the debt of what was reported within the last days, today among them, as it is now. Five statements.

    What the command of that name prints: in all, by cause, reason, day and user, and what still waits. Times are of the
    class `timedelta`. A program that asks often should keep the answer for a minute, as the metrics do. Raises
    `ValueError` for less than a day or more than `MOST_DAYS`.
    """
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"from 1 to {MOST_DAYS} days, and not {days}")
    return debt(timezone.now(), days=days)


def days_from(first: date, number: int) -> list[date]:
    return [first + timedelta(days=ahead) for ahead in range(number)]


def untrusted_sessions(now: datetime, since: datetime) -> QuerySet[Session]:
    """Return the sessions that lived after trust had ended, by acts since that moment, with what `SUMS` adds up.

    `before` and `after` are what each lived before the act and after it.
    """
    this_moment = Value(now, DateTimeField())
    rows = Session.objects.filter(untrusted_act__isnull=False, untrusted_act__at__gte=since).order_by()
    rows = rows.annotate(
        over=Least(Coalesce("ended_at", this_moment), "expires_at", Coalesce(REFUSED_SINCE, this_moment)),
        reported=Coalesce("untrusted_act__ending__created_at", "untrusted_act__at"),
    )
    # Three moments of each, none earlier than the one before: trusted no more, reported, over.
    rows = rows.annotate(
        began=Least(Greatest("untrusted_since", Coalesce("signed_in_at", "created_at")), "over")
    )
    rows = rows.annotate(split=Greatest("began", Least("reported", "over")))
    return rows.annotate(
        before=difference("split", "began"),
        after=difference("over", "split"),
        whole=difference("over", "began"),
    )


# Of an order that is in force at once: the sweep writes its end into the rows later, but nobody was let in meanwhile.
REFUSED_SINCE = Case(When(untrusted_act__ending__rule__gt="", then="untrusted_act__ending__created_at"))


def difference(later: str, earlier: str) -> ExpressionWrapper:
    return ExpressionWrapper(F(later) - F(earlier), output_field=DurationField())


SOMEBODY = Q(untrusted_act__actor__isnull=False)
BY_THE_ACT = Q(act__isnull=False, act_id=F("untrusted_act_id"))
SUMS: dict[str, Any] = {
    "sessions": Count("pk"),
    "living": Count("pk", filter=Q(ended_at__isnull=True, over__lt=F("expires_at"))),
    "manual": Sum("before", filter=SOMEBODY),
    "late": Sum("before", filter=~SOMEBODY),
    "carried_out": Sum("after", filter=BY_THE_ACT),
    "partial": Sum("after", filter=~BY_THE_ACT),
    "longest": Max("whole"),
    "longest_after": Max("after"),
    "all_in_all": Sum("whole"),
}


def grouped(rows: QuerySet[Any], key: str, *, most: int | None = None) -> dict[Any, Amount]:
    """Return the amounts by the values of `key`, the largest first; only the `most` largest, where that is given."""
    sums = rows.values(key).annotate(**SUMS).order_by("-all_in_all", key)[:most]
    return {row[key]: amount_of(row) for row in sums}


def amount_of(row: dict[str, Any]) -> Amount:
    return Amount(
        sessions=row["sessions"],
        living=row["living"],
        manual=row["manual"] or NONE,
        partial=row["partial"] or NONE,
        delayed=(row["late"] or NONE) + (row["carried_out"] or NONE),
        longest=row["longest"] or NONE,
        longest_after=row["longest_after"] or NONE,
    )


def waiting(now: datetime) -> Amount:
    """Return what the sessions have lived that large sign-outs have still to end.

    It is by the sizes of their batches: some of them may have ended by themselves.
    """
    passed = ExpressionWrapper(Value(now, DateTimeField()) - ORDERED, output_field=DurationField())
    # What is in force at once is refused, whatever its rows still say.
    open_batches = EndingBatch.objects.filter(done_at__isnull=True, ending__rule="").order_by()
    sizes = (
        open_batches.annotate(passed=passed).values_list("ending", "passed").annotate(sessions=Sum("size"))
    )
    rows = [(max(passed, NONE), sessions) for _ending, passed, sessions in sizes]
    number = sum(sessions for _passed, sessions in rows)
    lived = sum((passed * sessions for passed, sessions in rows), NONE)
    longest = max((passed for passed, _sessions in rows), default=NONE)
    return Amount(sessions=number, living=number, delayed=lived, longest=longest, longest_after=longest)


ORDERED = Coalesce("ending__happened_at", "ending__created_at")
