"""`manage.py seal_events`: for hosts that have no worker, from cron (docs/evidence.md)."""

from __future__ import annotations

import sys
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, CommandParser

from sessions_ui.audit.seal import SECONDS, seal_events
from sessions_ui.management.migrated import MigratedCommand


class Command(MigratedCommand):
    help = (
        "Gives each event that was committed since the last time its place in the sealed log, and signs a checkpoint. "
        "Any number may run at a time. The exit code is 1 when the time was over before all was sealed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--seconds",
            type=float,
            default=SECONDS,
            help="Start no batch after this many seconds (%(default)s).",
        )
        parser.add_argument(
            "--all",
            action="store_true",
            help="Look at all events, also at those whose transaction took longer than an hour: verify_events reports "
            "them. Look at them first, because somebody may have put them in.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sealed = seal_events(seconds=options["seconds"], everything=options["all"])
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if sealed.events or options["verbosity"] > 1:
            more = "" if sealed.complete else ", more are left"
            self.stdout.write(f"{sealed.events:,} events sealed, {sealed.checkpoints:,} checkpoints{more}")
        if not sealed.complete:
            sys.exit(1)
