"""`manage.py sessions end`: sign out, by ids, by people, by devices or by the filters of `list`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.bulk.end_later import end_later
from sessions_ui.actions.endings.bulk.progress import receipt_of
from sessions_ui.actions.endings.end import Receipt, end_sessions
from sessions_ui.actions.sessions.selection import Selection
from sessions_ui.conf import conf
from sessions_ui.management.arguments import past_moment
from sessions_ui.management.confirmation import confirm
from sessions_ui.management.exit_codes import ExitCode
from sessions_ui.management.output import add_json, write_json
from sessions_ui.management.people import account_called
from sessions_ui.management.progress import Progress
from sessions_ui.management.sessions.filters import add_filters, selection_of, sessions_called
from sessions_ui.models import Ending, EndReason, Session
from sessions_ui.models.primary import all_users
from sessions_ui.models.session import SessionQuerySet

HELP = "Sign out sessions by their ids, people, devices, or everything that the filters of `list` find."
SLICE = 2.0  # seconds between two looks at how far it has come
YES = "yes"
EVERYONE = "everyone"  # what has to be typed before everybody is signed out
MOST_IDS = 1_000
TICKET = 100  # characters that are kept of it
# What an operator decides; the others follow from what happened.
DECIDED = (
    EndReason.ADMINISTRATOR,
    EndReason.HELP_DESK,
    EndReason.INCIDENT,
    EndReason.SUSPICIOUS,
    EndReason.ACCESS_CHANGED,
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to end. `accounts`: whose it can be; None where sessions are named, or chosen by filters alone. `whole`:
    nothing of these accounts stays, so sign-ins under way are refused, too, and what another engine holds is not
    adopted."""

    sessions: SessionQuerySet
    accounts: QuerySet[Any] | None = None
    whole: bool = False

    @property
    def signed_in(self) -> SessionQuerySet:
        return self.sessions.filter(ended_at__isnull=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has been done. `ending` is the large sign-out in whose batches it was, `left` how many of them wait for a
    worker."""

    receipt: Receipt
    ending: Ending | None = None
    left: int = 0


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument(
        "sessions", nargs="*", metavar="ID", help="Ids of sessions, as `list` and webhooks have them."
    )
    parser.add_argument(
        "--everyone",
        action="store_true",
        help="Everybody, staff included. You confirm it by typing a word.",
    )
    add_filters(parser)
    parser.add_argument(
        "--reason", choices=[str(reason) for reason in DECIDED], default=str(EndReason.ADMINISTRATOR)
    )
    parser.add_argument(
        "--actor", metavar="U", help="Who decides: a whole email address or user name; kept in the history."
    )
    parser.add_argument("--ticket", default="", help="Number of the ticket; kept in the history.")
    parser.add_argument("--note", default="", help="Why; kept in the history, people do not see it.")
    parser.add_argument(
        "--happened-at",
        type=past_moment,
        metavar="T",
        help="When trust ended, if that was earlier: 2026-11-24T08:00:00+00:00.",
    )
    parser.add_argument("--dry-run", action="store_true", help="Only say how many.")
    parser.add_argument("--async", dest="later", action="store_true", help="Leave it to a worker.")
    parser.add_argument(
        "--yes", "--no-input", dest="interactive", action="store_false", help="Do not ask for confirmation."
    )
    add_json(parser, "the receipt")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    """Do what the options say. Raises `CommandError`, with the exit code that says what became of it."""
    why = _why(options)  # before anybody is asked anything
    chosen = _chosen(options)
    number = chosen.signed_in.count()
    if options["dry_run"]:
        _say_how_many(command, chosen, number, json=options["json"])
    else:
        # Where nothing is signed in, a decision about whole accounts is one still; so is since when it was.
        decides = number > 0 or chosen.whole or why["happened_at"] is not None
        if decides and options["interactive"]:
            _ask(command, chosen, number, everyone=options["everyone"])
        outcome = _end(command, chosen, number, why, options) if decides else _nothing(chosen)
        _say(command, outcome, options)
        if outcome.left and not options["later"]:
            raise CommandError(
                f"{outcome.left:,} are left to the worker: see “Large sign-outs” in the administration.",
                returncode=ExitCode.NOT_DONE,
            )
        number = outcome.receipt.ended + outcome.receipt.bridged + outcome.left
    if not number:
        raise CommandError("Nothing that matches is signed in.", returncode=ExitCode.NOTHING_MATCHED)


def _why(options: dict[str, Any]) -> dict[str, Any]:
    if len(options["ticket"]) > TICKET:
        raise CommandError(f"--ticket: {TICKET} characters at most. Nothing was done.")
    return {
        "reason": EndReason(options["reason"]),
        "actor": None
        if options["actor"] is None
        else all_users().get(pk=account_called("--actor", options["actor"])),
        "ticket": options["ticket"],
        "note": options["note"],
        "happened_at": options["happened_at"],
    }


def _chosen(options: dict[str, Any]) -> Chosen:
    """Return what is meant, said in one way: by ids, by everyone, or by filters."""
    selection = selection_of(options)
    ways = [bool(options["sessions"]), options["everyone"], selection != Selection()]
    if sum(ways) != 1:
        raise CommandError(
            "Choose in one way only: ids of sessions, or --everyone, or --user, --device and the other filters. "
            "Nothing was done."
        )
    if options["everyone"]:
        return Chosen(Session.objects.filter(user__isnull=False), all_users(), whole=True)
    if options["sessions"]:
        if len(options["sessions"]) > MOST_IDS:
            raise CommandError(f"{MOST_IDS:,} ids at most. Nothing was done.")
        return Chosen(Session.objects.filter(pk__in=sessions_called(options["sessions"])))
    sessions = selection.sessions().filter(user__isnull=False, ended_at__isnull=True)
    accounts = all_users().filter(pk__in=selection.users) if selection.users else None
    return Chosen(sessions, accounts, whole=selection.is_about_whole_accounts)


def _ask(command: BaseCommand, chosen: Chosen, number: int, *, everyone: bool) -> None:
    people = _people(chosen)
    if everyone:
        confirm(
            command,
            f"This signs out everybody, staff included: {number:,} sessions of {people:,} people. A sign-in under way "
            "is refused, too. Nobody's password changes, so whoever knows one can sign in again.",
            EVERYONE,
        )
    else:
        confirm(command, f"Sessions to end: {number:,}, of {people:,} people.", YES)


def _people(chosen: Chosen) -> int:
    return chosen.signed_in.order_by().values("user_id").distinct().count()


def _end(
    command: BaseCommand, chosen: Chosen, number: int, why: dict[str, Any], options: dict[str, Any]
) -> Outcome:
    what: dict[str, Any] = {
        "sessions": chosen.sessions,
        "of_users": chosen.accounts,
        "unadopted": chosen.whole,
    }
    if not options["later"] and number <= conf.end_at_once_max:
        return Outcome(end_sessions(**what, **why))
    ending = end_later(**what, **why)
    if options["later"]:
        return Outcome(receipt_of(ending), ending, left=ending.total)
    progress = Progress(
        (command.stderr if options["json"] else command.stdout).write, quiet=not options["verbosity"]
    )
    # A worker may take batches, too; what this process leaves when it is interrupted is left to one.
    while end_batches(ending=ending, seconds=SLICE):
        progress.say(f"  {receipt_of(ending).ended:,} ended")
    receipt = receipt_of(ending)
    return Outcome(receipt, ending, left=ending.total - receipt.ended - receipt.already_ended)


def _nothing(chosen: Chosen) -> Outcome:
    return Outcome(Receipt(act=None, ended=0, already_ended=chosen.sessions.count()))


def _say_how_many(command: BaseCommand, chosen: Chosen, number: int, *, json: bool) -> None:
    if json:
        write_json(command.stdout, {"to_end": number, "people": _people(chosen)})
    else:
        command.stdout.write(f"Sessions to end: {number:,}")


def _say(command: BaseCommand, outcome: Outcome, options: dict[str, Any]) -> None:
    receipt, ending = outcome.receipt, outcome.ending
    if options["json"]:
        write_json(
            command.stdout,
            {
                "act": None if receipt.act is None else str(receipt.act.pk),
                "ending": None if ending is None else ending.pk,
                "ended": receipt.ended,
                "already_ended": receipt.already_ended,
                "bridged": receipt.bridged,
                "failed": receipt.failed,
                "left": outcome.left,
            },
        )
    elif options["later"] and ending is not None:
        command.stdout.write(
            f"Sessions that a worker will end: {ending.total:,} (large sign-out {ending.pk})"
        )
    else:
        command.stdout.write(f"Sessions ended: {receipt.ended:,}")
        if receipt.bridged:
            command.stdout.write(f"Tokens of other packages ended: {receipt.bridged:,}")
