"""`manage.py session_debt`: what sessions lived after trust had ended, for whoever watches it (docs/metrics.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from sessions_ui.database import moments
from sessions_ui.management.arguments import positive
from sessions_ui.management.migrated import MigratedCommand
from sessions_ui.metrics.debt import DAYS, MOST_DAYS, Amount, Cause, Debt, debt
from sessions_ui.metrics.lingering import CERTAIN, Lingering, lingering


class Command(MigratedCommand):
    help = (
        "Says how long sessions stayed signed in after trust in them had ended, and what is signed in now but should "
        "not be. With a limit, the exit code is 1 if it is exceeded."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days",
            type=positive,
            default=DAYS,
            help="Count what was reported in this many days, including today (%(default)s).",
        )
        parser.add_argument(
            "--max", type=float, metavar="SECONDS", help="Fail if the total debt is higher than this."
        )
        for cause in Cause:
            parser.add_argument(
                f"--max-{cause}",
                type=float,
                metavar="SECONDS",
                help=f"No more of the cause “{cause}” than this.",
            )
        parser.add_argument(
            "--max-living",
            type=int,
            metavar="NUMBER",
            help=f"No more sessions than this that should not be signed in now ({', '.join(CERTAIN)}).",
        )
        parser.add_argument("--json", action="store_true", help="For programs.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"--days: from 1 to {MOST_DAYS}.")
        now = timezone.now()
        found, living = debt(now, days=options["days"]), lingering(now)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(found, living), indent=2))
        else:
            self.stdout.write("\n".join(as_text(found, living)))
        if exceeded := over_the_limits(found, living, options):
            raise CommandError(" ".join(exceeded))


def over_the_limits(found: Debt, living: list[Lingering], options: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each limit of the options that is exceeded."""
    said = []
    if options["max"] is not None and found.seconds > options["max"]:
        said.append(f"The debt is {found.seconds:,.0f} s, more than {options['max']:,.0f}.")
    for cause, amount in found.by_cause().items():
        limit = options[f"max_{cause}"]
        if limit is not None and amount.total_seconds() > limit:
            said.append(
                f"The debt that is {cause} is {amount.total_seconds():,.0f} s, more than {limit:,.0f}."
            )
    number = sum(each.number or 0 for each in living if each.kind in CERTAIN)
    if options["max_living"] is not None and number > options["max_living"]:
        said.append(
            f"{number:,} sessions are signed in that should not be, more than {options['max_living']:,}."
        )
    return said


def as_text(found: Debt, living: list[Lingering]) -> list[str]:
    lines = [
        f"Reported since {moments.aware(found.since).isoformat()}:",
        f"  debt: {found.seconds:,.0f} s, of {found.total.sessions + found.waiting.sessions:,} sessions",
        *(f"    {cause}: {amount.total_seconds():,.0f} s" for cause, amount in found.by_cause().items()),
        *(f"  {reason}: {text_of(amount)}" for reason, amount in found.by_reason.items()),
        *(f"  user {user}: {text_of(amount)}" for user, amount in found.by_user.items()),
    ]
    if found.waiting.sessions:
        lines.append(f"  large sign-outs under way: {text_of(found.waiting)}")
    lines.append("Signed in now, but should not be:")
    numbers = ((each.kind, "unknown" if each.number is None else f"{each.number:,}") for each in living)
    return [*lines, *(f"  {kind}: {number}" for kind, number in numbers)]


def text_of(amount: Amount) -> str:
    return f"{amount.total.total_seconds():,.0f} s, of {amount.sessions:,} sessions ({amount.living:,} still live)"


def as_json(found: Debt, living: list[Lingering]) -> dict[str, Any]:
    return {
        "at": moments.aware(found.at).isoformat(),
        "since": moments.aware(found.since).isoformat(),
        "debt_seconds": found.seconds,
        "by_cause": {str(cause): amount.total_seconds() for cause, amount in found.by_cause().items()},
        "total": json_of(found.total),
        "waiting": json_of(found.waiting),
        "by_reason": {reason: json_of(amount) for reason, amount in found.by_reason.items()},
        "by_day": {day.isoformat(): json_of(amount) for day, amount in found.by_day.items()},
        "by_user": {str(user): json_of(amount) for user, amount in found.by_user.items()},
        "living": {str(each.kind): each.number for each in living},
    }


def json_of(amount: Amount) -> dict[str, float]:
    return {
        "sessions": amount.sessions,
        "living": amount.living,
        "seconds": amount.total.total_seconds(),
        "longest_seconds": amount.longest.total_seconds(),
        **{f"{cause}_seconds": passed.total_seconds() for cause, passed in amount.by_cause().items()},
    }
