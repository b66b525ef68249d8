"""`manage.py adopt_sessions`: sessions of another engine go on in this one (docs/adoption.md)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import router
from django.utils import timezone

from sessions_ui.actions.adoption.adopt import BATCH, Report, adopt_all, end_missing
from sessions_ui.actions.adoption.window import ADOPTED
from sessions_ui.adopt import SOURCES, Source, present
from sessions_ui.management.arguments import positive
from sessions_ui.management.migrated import MigratedCommand
from sessions_ui.management.progress import Progress
from sessions_ui.models import Heartbeat, Session

NOTHING = (
    "No table of another session engine with living sessions was found.\n"
    "The engines cache, file and signed_cookies keep nothing that could be listed: their sessions cannot be adopted, "
    "and everybody who used them signs in again."
)


class Command(MigratedCommand):
    help = (
        "Takes over the living sessions of another session engine, so that nobody is signed out by the switch. "
        "You can interrupt it and run it again: nothing is adopted twice. The old table is only read. The "
        "engines cache, file and signed_cookies cannot be read in bulk."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--source",
            choices=sorted(SOURCES),
            help="Whose sessions: db (Django's db and cached_db), allauth (the same, described by "
            "allauth.usersessions), user_sessions, qsessions. Default: whose table has living sessions.",
        )
        parser.add_argument("--batch-size", type=positive, default=BATCH, help="Rows per transaction.")
        parser.add_argument("--dry-run", action="store_true", help="Show what would be done; write nothing.")
        parser.add_argument(
            "--end-missing",
            action="store_true",
            help="Afterwards end the adopted sessions that have left the old table since: they were signed out on a "
            "server of the old release. Only when no such server runs any more, and before the table is emptied.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["end_missing"] and options["dry_run"]:
            raise CommandError("--end-missing cannot be tried out with --dry-run.")
        source = self.source(options["source"])
        if source is None:
            self.stdout.write(NOTHING)
            return
        began = timezone.now()
        progress = Progress(self.stdout.write, quiet=not options["verbosity"])
        if options["verbosity"]:
            self.stdout.write(f"Reading {', '.join(sorted(source.tables))} (source: {source.name}).")
        report = adopt_all(
            source=source,
            batch_size=options["batch_size"],
            dry_run=options["dry_run"],
            mark=options["end_missing"],
            progress=lambda report: progress.say(
                f"  {report.adopted:,} adopted, {report.skipped.total():,} skipped"
            ),
        )
        if not options["dry_run"]:
            Heartbeat.beat(ADOPTED)
        self.print_report(report, dry_run=options["dry_run"])
        if options["end_missing"]:
            ended = end_missing(source=source, since=began)
            self.stdout.write(f"Ended, because they had left the old table: {ended:,}")

    def source(self, name: str | None) -> Source | None:
        """Return the source to adopt from; None where there is nothing to adopt, as in a new project."""
        using = router.db_for_write(Session)
        if name:
            source = SOURCES[name]
            if not source.is_present(using):
                raise CommandError(f"{', '.join(sorted(source.tables))}: not in the database {using!r}.")
            return source
        found = present(using)
        if not found:
            return None
        if len(found) > 1:
            names = ", ".join(source.name for source in found)
            raise CommandError(
                f"Several engines have living sessions here: {names}. Name the one that was in use with --source; "
                "the others may hold sessions that were signed out long ago."
            )
        return found[0]

    def print_report(self, report: Report, *, dry_run: bool) -> None:
        verb = "Would be adopted" if dry_run else "Adopted"
        self.stdout.write(f"{verb}: {report.users:,} of users, {report.anonymous:,} anonymous")
        for reason, count in report.skipped.most_common():
            if count:
                self.stdout.write(f"Not adopted: {count:,} {reason.value}")
