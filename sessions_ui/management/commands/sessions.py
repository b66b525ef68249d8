"""`manage.py sessions …`: what an operator does with sessions (docs/runbook.md)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connections, router
from django.db.models import QuerySet

from sessions_ui import outbox
from sessions_ui.actions.endings.after_restore import StillAdopting, end_restored
from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.bulk.progress import receipt_of
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.help_desk.find_user import users_exactly
from sessions_ui.actions.help_desk.group import GroupIsTaken, make_agents_group
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.database.servers import MEANING, examine
from sessions_ui.management import incident
from sessions_ui.management.arguments import moment, past_moment
from sessions_ui.management.migrated import MigratedCommand
from sessions_ui.management.progress import Progress
from sessions_ui.metrics.health import OUTBOX_LATE, WORKER_LATE, is_outbox_late, is_worker_late
from sessions_ui.models import EndReason, Heartbeat, Session
from sessions_ui.models.primary import all_users
from sessions_ui.models.session import SessionQuerySet

CARRY_OUT = 50.0  # seconds: cron starts the next one after a minute
SLICE = 2.0  # seconds between two looks at how far it has come
EVERYONE = "everyone"  # what has to be typed
# What an operator decides; the others follow from what happened.
DECIDED = (
    EndReason.ADMINISTRATOR,
    EndReason.HELP_DESK,
    EndReason.INCIDENT,
    EndReason.SUSPICIOUS,
    EndReason.ACCESS_CHANGED,
)


class Command(MigratedCommand):
    help = "What an operator does with sessions."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        restored = commands.add_parser(
            "after-restore",
            help="End what a restored backup has revived: everything signed in before a time.",
        )
        restored.add_argument(
            "--before",
            type=moment,
            required=True,
            metavar="T",
            help="The end of the backup, or now: 2026-11-24T08:00:00+00:00, or in the site's time zone without offset.",
        )
        restored.add_argument("--dry-run", action="store_true", help="Only say how many.")
        end = commands.add_parser("end", help="Sign people out everywhere.")
        whom = end.add_mutually_exclusive_group(required=True)
        whom.add_argument(
            "--user",
            action="append",
            metavar="U",
            help="The whole e-mail address or user name; may be given more than once.",
        )
        whom.add_argument(
            "--everyone",
            action="store_true",
            help="Everybody, staff included; it has to be confirmed in words.",
        )
        end.add_argument(
            "--no-input",
            dest="interactive",
            action="store_false",
            help="Do not ask before signing everybody out.",
        )
        end.add_argument(
            "--reason", choices=[str(reason) for reason in DECIDED], default=EndReason.ADMINISTRATOR
        )
        end.add_argument("--ticket", default="", help="Number of the ticket; kept in the history.")
        end.add_argument("--note", default="", help="Why; kept in the history, people do not see it.")
        end.add_argument(
            "--happened-at",
            type=past_moment,
            metavar="T",
            help="When trust ended, where that was before now: 2026-11-24T08:00:00+00:00.",
        )
        end.add_argument("--dry-run", action="store_true", help="Only say how many.")
        end.add_argument("--async", dest="later", action="store_true", help="Leave it to a worker.")
        incident.add_arguments(commands)
        commands.add_parser(
            "carry-out", help="Work on large sign-outs, as the worker does: for hosts with cron alone."
        )
        group = commands.add_parser(
            "help-desk-group",
            help="Make the group whose members are agents of the help desk; nobody is in it yet.",
        )
        group.add_argument("--name", default="Help desk", help="What it is called: %(default)s.")
        health = commands.add_parser(
            "health",
            help="Exit with 1 when the worker or the messages are late: for whoever restarts the worker.",
        )
        health.add_argument("--worker-within", type=_seconds, default=WORKER_LATE, metavar="SECONDS")
        health.add_argument("--told-within", type=_seconds, default=OUTBOX_LATE, metavar="SECONDS")
        health.add_argument(
            "--database",
            action="store_true",
            help="Exit with 1 when something is wrong with the database servers, and look at nothing else.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        match options["subcommand"]:
            case "after-restore":
                self.after_restore(options)
            case "end":
                self.end(options)
            case "incident":
                incident.handle(self, options)
            case "carry-out":
                if ended := end_batches(seconds=CARRY_OUT):
                    self.stdout.write(f"Sessions ended: {ended:,}")
            case "help-desk-group":
                self.help_desk_group(options["name"])
            case "health" if options["database"]:
                self.database_health()
            case "health":
                self.health(options["worker_within"], options["told_within"])

    def after_restore(self, options: dict[str, Any]) -> None:
        before: datetime = options["before"]
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
        self.stdout.write(f"{what}, signed in before {moments.aware(before).isoformat()}: {ended:,}")

    def end(self, options: dict[str, Any]) -> None:
        users, sessions = _everyone() if options["everyone"] else _named(options["user"])
        if options["dry_run"]:
            self.stdout.write(f"Sessions to end: {sessions.count():,}")
            return
        if options["everyone"] and options["interactive"]:
            self.confirm_everyone(sessions)
        why: dict[str, Any] = {
            "ticket": options["ticket"],
            "note": options["note"],
            "happened_at": options["happened_at"],
        }
        why |= {"of_users": users, "unadopted": True}
        reason = EndReason(options["reason"])
        if not options["later"] and sessions.count() <= conf.end_at_once_max:
            receipt = end_sessions(sessions=sessions, reason=reason, **why)
            self.stdout.write(f"Sessions ended: {receipt.ended:,}")
            return
        ending = end_later(sessions=sessions, reason=reason, **why)
        if options["later"]:
            self.stdout.write(
                f"Sessions that a worker will end: {ending.total:,} (large sign-out {ending.pk})"
            )
            return
        progress = Progress(self.stdout.write, quiet=not options["verbosity"])
        # A worker may take batches, too; what this process leaves when it is interrupted is left to one.
        while end_batches(ending=ending, seconds=SLICE):
            progress.say(f"  {receipt_of(ending).ended:,} ended")
        receipt = receipt_of(ending)
        self.stdout.write(f"Sessions ended: {receipt.ended:,}")
        if left := ending.total - receipt.ended - receipt.already_ended:
            raise CommandError(
                f"{left:,} are left to the worker: see “Large sign-outs” in the administration."
            )

    def confirm_everyone(self, sessions: SessionQuerySet) -> None:
        """Ask for a word that nobody types by mistake. Raises `CommandError` for any other, and where nobody can be
        asked."""
        people = sessions.order_by().values("user_id").distinct().count()
        self.stdout.write(
            f"This signs out everybody, staff included: {sessions.count():,} sessions of {people:,} people. A sign-in "
            "under way is refused, too. Nobody's password changes, so whoever knows one can sign in again."
        )
        try:
            answer = input(f"Type “{EVERYONE}” to go on: ")
        except EOFError:
            raise CommandError(
                "Nobody is there to be asked: --no-input goes on without. Nothing was done."
            ) from None
        if answer.strip() != EVERYONE:
            raise CommandError("Not confirmed. Nothing was done.")

    def help_desk_group(self, name: str) -> None:
        try:
            made = make_agents_group(name)
        except GroupIsTaken as error:
            raise CommandError(
                f"{error} Take another name (--name), or give it the permission sessions_ui.help_desk yourself."
            ) from None
        self.stdout.write(f"Group made: {name}" if made else f"The group is there: {name}")

    def health(self, worker_within: timedelta, told_within: timedelta) -> None:
        """Check that a worker is at work and no message is late, each by its own limit. A process that runs may do
        nothing: after a Redis was away Celery's has stopped taking tasks (celery#8091, celery#10205). What counts is
        what was done."""
        for meaning in _weaknesses():  # printed only, because a new worker would not help
            self.stderr.write(f"Warning: {meaning}")
        wrong = []
        if is_worker_late(Heartbeat.last("worker"), worker_within):
            wrong.append(f"No worker was seen at work in the last {worker_within}.")
        if is_outbox_late(outbox.oldest_open(), told_within):
            wrong.append(f"A message has been waiting for more than {told_within}.")
        if wrong:
            raise CommandError(" ".join(wrong))
        self.stdout.write("The worker is at work, and no message is late.")

    def database_health(self) -> None:
        if weaknesses := _weaknesses():
            raise CommandError("\n".join(weaknesses))
        self.stdout.write("Nothing is wrong with the database servers.")


def _weaknesses() -> list[str]:
    """Return the weaknesses of the database servers, in words."""
    return [MEANING[weakness] for weakness in examine(connections[router.db_for_write(Session)])]


def _seconds(text: str) -> timedelta:
    return timedelta(seconds=float(text))


def _everyone() -> tuple[QuerySet[Any], SessionQuerySet]:
    """Return all accounts, those where nobody is signed in included, and what is signed in."""
    return all_users(), Session.objects.filter(user__isnull=False, ended_at__isnull=True)


def _named(names: list[str]) -> tuple[QuerySet[Any], SessionQuerySet]:
    """Return these accounts and what is signed in to them. Raises `CommandError` for a name that is not one
    account's."""
    keys = [_user(name) for name in names]
    return all_users().filter(pk__in=keys), Session.objects.filter(user_id__in=keys, ended_at__isnull=True)


def _user(name: str) -> Any:
    """Return the primary key of the one user with this name. Raises `CommandError` where there is not exactly one."""
    found = users_exactly(name)
    if len(found) != 1:
        raise CommandError(f"--user: no account matches {name!r} exactly.")
    return found[0]
