"""`manage.py sessions tokens`: what can act for whom without a browser, and who answers for it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Q, QuerySet
from django.utils import timezone

from sessions_ui.conf import conf
from sessions_ui.management.arguments import positive, verify_table
from sessions_ui.management.output import add_json, for_whoever_reads, write_json_lines, write_table
from sessions_ui.management.people import account_called
from sessions_ui.management.sessions.records import key_text, moment_text, names_of, person, short
from sessions_ui.models import AccessToken, ServiceAccount

HELP = "List access tokens, the newest first: of whom, for what, until when, and who answers for them."
LIMIT = 100
CHUNK = 1_000  # rows that the driver fetches at a time
HEADS = ("token", "name", "user", "owner", "agent", "scopes", "made", "last used", "expires", "state")


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument(
        "--user",
        metavar="U",
        help="Of this account, or of the service accounts that it answers for: the whole address or user name.",
    )
    parser.add_argument("--unused", action="store_true", help="Only those that nobody has used for long.")
    parser.add_argument("--orphaned", action="store_true", help="Only those for which nobody answers.")
    parser.add_argument("--all", action="store_true", help="Also those that have ended or expired.")
    parser.add_argument("--limit", type=positive, default=LIMIT, help="No more than this (%(default)s).")
    add_json(parser, "JSON Lines, a token a line")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    verify_table(options)
    rows = _chosen(options)
    with for_whoever_reads(command.stdout):
        if options["json"]:
            write_json_lines(command.stdout, islice(_records(rows), options["limit"]))
        else:
            _table(command, rows, options["limit"])


def _chosen(options: dict[str, Any]) -> QuerySet[AccessToken]:
    now = timezone.now()
    rows = AccessToken.objects.select_related("session").defer(
        "session__payload", "session__digest", "session__previous_digest", "session__auth_hash"
    )
    rows = rows.with_containment() if options["all"] else rows.valid()
    if options["user"] is not None:
        user = account_called("--user", options["user"])
        owned = ServiceAccount.objects.filter(owner_id=user).values("pk")
        rows = rows.filter(Q(session__user_id=user) | Q(session__user_id__in=owned))
    if options["unused"]:
        rows = rows.filter(session__last_seen_at__lte=now - conf.token_unused_after)
    if options["orphaned"]:
        orphans = ServiceAccount.objects.filter(orphaned_at__isnull=False).values("pk")
        rows = rows.filter(session__user_id__in=orphans)
    return rows.order_by("-pk")


def _records(rows: QuerySet[AccessToken]) -> Iterator[dict[str, Any]]:
    """Yield what programs are told, a page at a time: two statements each."""
    last: int | None = None
    while page := list((rows if last is None else rows.filter(pk__lt=last))[:CHUNK]):
        accounts = {token.session.user_id for token in page}
        owners = dict(ServiceAccount.objects.filter(pk__in=accounts).values_list("pk", "owner_id"))
        yield from (_record(token, owners) for token in page)
        last = page[-1].pk


def _record(token: AccessToken, owners: dict[Any, Any]) -> dict[str, Any]:
    session = token.session
    return {
        "token": session.public_id,
        "name": token.name,
        "user": key_text(session.user_id),
        "owner": key_text(owners.get(session.user_id)),
        "is_service": session.user_id in owners,
        "agent": token.agent,
        "scopes": token.scope_names,
        "hint": token.hint,
        "made_at": moment_text(session.signed_in_at),
        "last_used_at": moment_text(token.last_used_at),
        "address": session.address,
        "expires_at": moment_text(session.expires_at),
        "state": "ended" if token.is_over else "valid" if token.is_living else "expired",
        "ended_at": moment_text(session.ended_at),
        "reason": token.why_over,
    }


def _table(command: BaseCommand, rows: QuerySet[AccessToken], limit: int) -> None:
    records = _records(rows)
    page = [*islice(records, limit)]
    names = names_of(each for record in page for each in (record["user"], record["owner"]))
    write_table(command.stdout, HEADS, [_cells(record, names) for record in page])
    if next(records, None) is not None:
        command.stderr.write("There are more. Use --limit or --json", style_func=str)


def _cells(record: dict[str, Any], names: dict[str, str]) -> list[Any]:
    return [
        record["token"],
        record["name"],
        person(record["user"], names),
        person(record["owner"], names),
        record["agent"],
        record["scopes"],
        short(record["made_at"]),
        short(record["last_used_at"]),
        short(record["expires_at"]),
        record["reason"] or record["state"],
    ]
