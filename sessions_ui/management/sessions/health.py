"""`manage.py sessions health`: is the worker at work, and what is weak about the database servers?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections, router

from sessions_ui import outbox
from sessions_ui.database.servers import MEANING, examine
from sessions_ui.metrics.health import OUTBOX_LATE, WORKER_LATE, is_outbox_late, is_worker_late
from sessions_ui.models import Heartbeat, Session

HELP = "Exit with 1 when the worker or the messages are late, so that the worker can be restarted."


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("--worker-within", type=_seconds, default=WORKER_LATE, metavar="SECONDS")
    parser.add_argument("--told-within", type=_seconds, default=OUTBOX_LATE, metavar="SECONDS")
    parser.add_argument(
        "--database",
        action="store_true",
        help="Exit with 1 when something is wrong with the database servers, and look at nothing else.",
    )


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    if options["database"]:
        _servers(command)
    else:
        _worker(command, options["worker_within"], options["told_within"])


def _worker(command: BaseCommand, worker_within: timedelta, told_within: timedelta) -> None:
    """Check that a worker is at work and no message is late, each by its own limit. A process that runs may do
    nothing: after a Redis was away Celery's has stopped taking tasks (celery#8091, celery#10205). What counts is
    what was done."""
    for meaning in _weaknesses():  # printed only, because a new worker would not help
        command.stderr.write(f"Warning: {meaning}")
    wrong = []
    if is_worker_late(Heartbeat.last("worker"), worker_within):
        wrong.append(f"No worker was seen at work in the last {worker_within}.")
    if is_outbox_late(outbox.oldest_open(), told_within):
        wrong.append(f"A message has been waiting for more than {told_within}.")
    if wrong:
        raise CommandError(" ".join(wrong))
    command.stdout.write("The worker is at work, and no message is late.")


def _servers(command: BaseCommand) -> None:
    if weaknesses := _weaknesses():
        raise CommandError("\n".join(weaknesses))
    command.stdout.write("Nothing is wrong with the database servers.")


def _weaknesses() -> list[str]:
    """Return the weaknesses of the database servers, in words."""
    return [MEANING[weakness] for weakness in examine(connections[router.db_for_write(Session)])]


def _seconds(text: str) -> timedelta:
    return timedelta(seconds=float(text))
