"""`manage.py reparse_clients`: apply new rules to stored sessions and devices."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from sessions_ui.actions.devices.reparse import BATCH, reparse
from sessions_ui.conf import conf
from sessions_ui.management.arguments import positive
from sessions_ui.management.migrated import MigratedCommand
from sessions_ui.management.progress import Progress


class Command(MigratedCommand):
    help = (
        "Parses the stored user agents again, after an upgrade with new rules; looks places up again with --places. "
        "Works in batches. If you interrupt it, it continues where it stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--places", action="store_true", help="Look up the places again, too.")
        parser.add_argument("--dry-run", action="store_true", help="Show what would change; write nothing.")
        parser.add_argument(
            "--from-start",
            action="store_true",
            help="Start from the beginning, not where the last run stopped.",
        )
        parser.add_argument("--batch-size", type=positive, default=BATCH, help="Rows per transaction.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["places"] and conf.store_addresses != "full":
            raise CommandError("--places needs whole addresses, and STORE_ADDRESSES keeps none.")
        progress = Progress(self.stdout.write, quiet=not options["verbosity"])
        report = reparse(
            with_places=options["places"],
            batch_size=options["batch_size"],
            dry_run=options["dry_run"],
            from_start=options["from_start"],
            progress=lambda report: progress.say(f"  {report.looked_at:,} sessions looked at"),
        )
        verb = "would change" if options["dry_run"] else "changed"
        self.stdout.write(
            f"Looked at {report.looked_at:,} sessions. {verb.capitalize()}: {report.sessions:,} sessions, "
            f"{report.devices:,} devices."
        )
