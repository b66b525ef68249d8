"""`manage.py sessions carry-out`: the worker of hosts with cron alone."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from sessions_ui.actions.endings.bulk.carry_out import end_batches

HELP = "Work on large sign-outs, as the worker does: for hosts with cron alone."
SECONDS = 50.0  # cron starts the next one after a minute


def add_arguments(parser: CommandParser) -> None:
    """It has none of its own."""


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    if ended := end_batches(seconds=SECONDS):
        command.stdout.write(f"Sessions ended: {ended:,}")
