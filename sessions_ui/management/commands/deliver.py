"""`manage.py deliver`: for hosts that have no worker, from cron (docs/production.md)."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser

from sessions_ui import outbox
from sessions_ui.delivery import Outcome, deliver_all, deliver_due
from sessions_ui.management.migrated import MigratedCommand


class Command(MigratedCommand):
    help = (
        "Sends the emails and webhooks that are due, until none is left or the time is over. Any number may run at "
        "a time, beside workers too. The exit code is 1 when a message was given up or is still due."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--seconds",
            type=float,
            default=50,
            help="Start no message after this many seconds (50: cron's next call takes over).",
        )
        parser.add_argument("--once", action="store_true", help="Send one batch of at most 100.")

    def handle(self, *args: Any, **options: Any) -> None:
        made = deliver_due() if options["once"] else deliver_all(seconds=options["seconds"])
        left = outbox.due(limit=1)
        if made or options["verbosity"] > 1:
            said = ", ".join(f"{made[outcome]} {outcome}" for outcome in Outcome)
            self.stdout.write(said + (", more are due" if left else ""))
        if made[Outcome.GIVEN_UP] or left:
            sys.exit(1)
