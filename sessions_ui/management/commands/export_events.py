"""`manage.py export_events`: the history as CSV or JSON Lines, or the sealed log as a file (docs/evidence.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet

from sessions_ui.actions.history import SEALED, export_events, export_log
from sessions_ui.audit.export import Format
from sessions_ui.audit.log import CutMeanwhile
from sessions_ui.management.arguments import moment
from sessions_ui.management.migrated import MigratedCommand
from sessions_ui.models import Event


class Command(MigratedCommand):
    help = (
        "Prints the history, the oldest event first. `--format sealed` prints the whole sealed log, which `python -m "
        "sessions_ui.verify FILE --key PUB` checks without this database. The export is recorded as an event."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=[*map(str, Format), SEALED], default=str(Format.JSON_LINES))
        parser.add_argument(
            "--since",
            type=moment,
            metavar="T",
            help="From this time on, such as 2026-11-24T08:00Z. A date alone is not enough.",
        )
        parser.add_argument("--before", type=moment, metavar="T", help="Before this time.")
        parser.add_argument(
            "--kind", action="append", choices=Event.Kind.values, help="May be given more than once."
        )
        parser.add_argument("--user", metavar="KEY", help="About the user with this primary key.")

        parser.add_argument(
            "--details",
            action="store_true",
            help=(
                "With --format sealed: include addresses, user agents and texts. The log can be verified "
                "without them."
            ),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = {
            name: options[name] for name in ("since", "before", "kind", "user") if options[name] is not None
        }
        if options["format"] == SEALED and chosen:
            raise CommandError("The sealed log is exported as a whole.")
        try:
            for part in self.parts(options, chosen):
                self.stdout.write(part, ending="")
        except CutMeanwhile:
            raise CommandError(
                "Old events were removed in the meantime, so the file is not complete. Try again."
            ) from None

    def parts(self, options: dict[str, Any], chosen: dict[str, Any]) -> Iterator[str]:
        if options["format"] == SEALED:
            return export_log(actor=None, details=options["details"])
        about = ", ".join(f"{name}={value}" for name, value in chosen.items())
        return export_events(
            chosen=self.chosen(options), how=Format(options["format"]), actor=None, about=about
        )

    def chosen(self, options: dict[str, Any]) -> QuerySet[Event]:
        found: QuerySet[Event] = Event.objects.all()
        if options["since"]:
            found = found.filter(at__gte=options["since"])
        if options["before"]:
            found = found.filter(at__lt=options["before"])
        if options["kind"]:
            found = found.filter(kind__in=options["kind"])
        return found.filter(user_id=options["user"]) if options["user"] else found
