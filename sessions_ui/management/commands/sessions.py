"""`manage.py sessions …`: what an operator does with sessions (docs/runbook.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from sessions_ui.actions.restore import StillAdopting, end_restored
from sessions_ui.management.progress import Progress


class Command(BaseCommand):
    help = "What an operator does with sessions."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        restored = commands.add_parser(
            "after-restore",
            help="End what a restored backup has revived: everything signed in before a time.",
        )
        restored.add_argument(
            "--before",
            required=True,
            metavar="T",
            help="The end of the backup, or now: 2026-11-24T08:00:00+00:00, or in the site's time zone without offset.",
        )
        restored.add_argument("--dry-run", action="store_true", help="Only say how many.")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["subcommand"]:
            case "after-restore":
                self.after_restore(options)

    def after_restore(self, options: dict[str, Any]) -> None:
        before = _moment(options["before"])
        progress = Progress(self.stdout.write, quiet=not options["verbosity"])
        try:
            ended = end_restored(
                before=before,
                dry_run=options["dry_run"],
                progress=lambda ended: progress.say(f"  {ended:,} ended"),
            )
        except StillAdopting:
            raise CommandError(
                "ADOPT_FROM is in effect: the old table was restored, too, and would bring sessions back. Take the "
                "setting out, restart the site, and run this again."
            ) from None
        what = "Sessions to end" if options["dry_run"] else "Sessions ended"
        self.stdout.write(f"{what}, signed in before {before.isoformat()}: {ended:,}")


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError as error:
        raise CommandError(f"--before: {error}") from error
    if moment is None or ":" not in text:  # midnight is not what a mere date would mean
        raise CommandError("--before: a date with a time, such as 2026-11-24T08:00:00+00:00")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
