"""`manage.py sessions after-restore`: end what a restored backup has revived."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessions_ui.actions.endings.after_restore import StillAdopting, end_restored
from sessions_ui.database import moments
from sessions_ui.management.arguments import moment
from sessions_ui.management.progress import Progress

HELP = "End what a restored backup has revived: everything signed in before a time."


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument(
        "--before",
        type=moment,
        required=True,
        metavar="T",
        help="The end of the backup, or now: 2026-11-24T08:00:00+00:00, or in the site's time zone without offset.",
    )
    parser.add_argument("--dry-run", action="store_true", help="Only say how many.")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    before = options["before"]
    progress = Progress(command.stdout.write, quiet=not options["verbosity"])
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
    command.stdout.write(f"{what}, signed in before {moments.aware(before).isoformat()}: {ended:,}")
