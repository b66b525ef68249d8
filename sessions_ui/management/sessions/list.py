"""`manage.py sessions list`: who is signed in, where and since when; or what has ended, and why."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessions_ui.actions.sessions.selection import State, listed
from sessions_ui.management.arguments import positive, verify_table
from sessions_ui.management.output import add_json, for_whoever_reads, write_json_lines, write_table
from sessions_ui.management.sessions.filters import add_filters, selection_of
from sessions_ui.management.sessions.records import names_of, person, session_record, short
from sessions_ui.models import EndReason, Session
from sessions_ui.models.session import SessionQuerySet

HELP = "List sessions, the newest sign-in first."
LIMIT = 100
CHUNK = 1_000  # rows that the driver fetches at a time
HEADS = ("session", "user", "device", "kind", "address", "country", "method", "signed in", "last seen")


def add_arguments(parser: CommandParser) -> None:
    add_filters(parser)
    parser.add_argument(
        "--state",
        choices=[*map(str, State)],
        help="living (the default): signed in now; ended; expired: run out, and not written down yet; all.",
    )
    parser.add_argument("--reason", choices=EndReason.values, metavar="REASON", help="Why they ended.")
    parser.add_argument("--limit", type=positive, default=LIMIT, help="No more than this (%(default)s).")
    parser.add_argument(
        "--after", metavar="ID", help="Continue after this session, the last one of the previous page."
    )
    add_json(parser, "JSON Lines, a session a line")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    verify_table(options)
    rows = listed(
        selection=selection_of(options),
        state=_state(options),
        reason=EndReason(options["reason"]) if options["reason"] else None,
        after=None if options["after"] is None else _last_one(options["after"]),
    )
    with for_whoever_reads(command.stdout):
        if options["json"]:
            write_json_lines(command.stdout, _records(rows[: options["limit"]]))
        else:
            _table(command, rows, options["limit"])


def _table(command: BaseCommand, rows: SessionQuerySet, limit: int) -> None:
    records = _records(rows[: limit + 1])
    page = [*islice(records, limit)]
    names = names_of(each for record in page for each in (record["user"], record["actor"]))
    has_ended = any(record["state"] != State.LIVING for record in page)
    heads = [*HEADS, "state", "ended", "reason", "by"] if has_ended else HEADS
    write_table(command.stdout, heads, [_cells(record, names)[: len(heads)] for record in page])
    if next(records, None) is not None:
        command.stderr.write(f"There are more: --after {page[-1]['session']}", style_func=str)


def _cells(record: dict[str, Any], names: dict[str, str]) -> list[Any]:
    about = " on ".join(name for name in (record["browser"], record["system"]) if name)
    return [
        record["session"],
        person(record["user"], names),
        record["device_name"] or about,
        record["kind"],
        record["address"],
        record["country"],
        record["method"] or record["provider"],
        short(record["signed_in_at"]),
        short(record["last_seen_at"]),
        record["state"],
        short(record["ended_at"]),
        record["reason"],
        person(record["actor"], names),
    ]


def _records(rows: SessionQuerySet) -> Iterator[dict[str, Any]]:
    """Yield them as the database hands them out: one statement, and never all rows at once."""
    return map(session_record, rows.iterator(chunk_size=CHUNK))


def _state(options: dict[str, Any]) -> State:
    """Return the state that is meant: with a reason, what has ended."""
    if options["state"] is None:
        return State.ENDED if options["reason"] else State.LIVING
    state = State(options["state"])
    if options["reason"] and state not in (State.ENDED, State.ALL):
        raise CommandError(f"--reason is why a session ended; none that is {state} has one.")
    return state


def _last_one(public_id: str) -> Session:
    rows = Session.objects.filter(public_id=public_id, signed_in_at__isnull=False)
    found = rows.only("pk", "signed_in_at").first()
    if found is None:
        raise CommandError(f"--after: there is no session with the id {public_id!r}.")
    return found
