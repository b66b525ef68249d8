"""`manage.py sessions incident …`: sign out many people by criteria, and see how far it has come."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessions_ui.actions.endings.bulk.carry_out import end_batches
from sessions_ui.actions.endings.bulk.progress import receipt_of
from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.incidents.preview import Preview, preview_incident
from sessions_ui.actions.incidents.result import FORMATS, export_incident, incident_status
from sessions_ui.actions.incidents.stop import resume_incident, stop_incident
from sessions_ui.exceptions import IncidentRefused
from sessions_ui.management.arguments import given, moment, past_moment, positive
from sessions_ui.management.exit_codes import ExitCode
from sessions_ui.management.output import (
    add_json,
    for_whoever_reads,
    write_json,
    write_json_lines,
    write_table,
)
from sessions_ui.management.people import account_called
from sessions_ui.management.progress import Progress
from sessions_ui.management.sessions.records import moment_text, names_of, person, short
from sessions_ui.models import Incident
from sessions_ui.wording.incidents import duration_text, refused_text

HELP = "Sign out many people by criteria; list incidents, stop or resume one, export the result."
SLICE = 2.0  # seconds between two looks at how far it has come
LIMIT = 100  # incidents of a list
HEADS = ("incident", "asked for", "by", "state", "found", "ended", "otherwise", "failed", "ticket", "about")
OVER = (Incident.State.DONE, Incident.State.DECLINED, Incident.State.LAPSED)


def add_arguments(parser: CommandParser) -> None:
    whom = parser.add_argument_group("who", "A sign-in has to meet every criterion that is given.")
    whom.add_argument("--everyone", action="store_true", help="Everybody, staff included; at once.")
    whom.add_argument("--staff", action="store_true", help="Staff; by itself at once.")
    whom.add_argument(
        "--user", action="append", default=[], metavar="U", help="A whole address or user name."
    )
    whom.add_argument("--group", action="append", default=[], metavar="G", help="The name of a group.")
    whom.add_argument(
        "--organization", type=given, metavar="ID", help="The id of the organization that the session is for."
    )
    whom.add_argument("--since", type=moment, metavar="T", help="Signed in since then.")
    whom.add_argument("--before", type=moment, metavar="T", help="Signed in before; by itself at once.")
    whom.add_argument("--network", type=given, metavar="N", help="An address or a network (CIDR).")
    whom.add_argument("--country", type=given, metavar="CC", help="The country of the sign-in: two letters.")
    whom.add_argument("--client", type=given, help="A browser, a system, or a part of the user agent.")
    whom.add_argument("--method", type=given, help="How it was signed in, or the provider.")
    whom.add_argument("--unconfirmed", action="store_true", help="On a device that was never confirmed.")
    parser.add_argument("--note", default="", help="Why; kept in the history, people do not see it.")
    parser.add_argument("--ticket", default="", help="Number of the ticket; kept in the history.")
    parser.add_argument(
        "--happened-at", type=past_moment, metavar="T", help="When they stopped being trustworthy."
    )
    parser.add_argument("--dry-run", action="store_true", help="Only say how many, and how long it takes.")
    parser.add_argument("--async", dest="later", action="store_true", help="Leave the rows to a worker.")
    parser.add_argument(
        "--no-input", "--yes", dest="interactive", action="store_false", help="Do not ask for confirmation."
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--list", action="store_true", help="List the newest incidents.")
    which.add_argument("--stop", type=int, metavar="ID", help="Start no further batch of this incident.")
    which.add_argument("--resume", type=int, metavar="ID", help="Resume this incident.")
    which.add_argument("--status", type=int, metavar="ID", help="Show the progress of this incident.")
    which.add_argument("--export", type=int, metavar="ID", help="Write what this incident has ended.")
    parser.add_argument("--format", choices=[*FORMATS], default="csv", help="Of the export: %(default)s.")
    parser.add_argument("--limit", type=positive, default=LIMIT, help="Of the list: %(default)s.")
    add_json(parser, "a document; of the list JSON Lines, an incident a line")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    """Do what the options say. Raises `CommandError` for what cannot be meant, and with the exit code that says what
    became of it."""
    if options["list"]:
        _list(command, options)
    elif options["stop"] is not None:
        _step(command, options, options["stop"], stop_incident, "Stopped", "It was not running.")
    elif options["resume"] is not None:
        _step(command, options, options["resume"], resume_incident, "Resumed", "It was not stopped.")
    elif options["status"] is not None:
        _status(command, _incident(options["status"]), json=options["json"])
    elif options["export"] is not None:
        for piece in export_incident(incident=_incident(options["export"]), form=options["format"]):
            command.stdout.write(piece, ending="")
    else:
        _order(command, options)


def _order(command: BaseCommand, options: dict[str, Any]) -> None:
    criteria = _criteria(options)
    try:
        preview = preview_incident(criteria=criteria)
    except IncidentRefused as error:
        raise CommandError(refused_text(error)) from None
    if options["dry_run"]:
        _say_how_many(command, criteria, preview, json=options["json"])
    else:
        if not options["note"].strip():
            raise CommandError("--note: say why. Nothing was done.")
        if options["interactive"]:
            _confirm(command, criteria, preview)
        incident = order_incident(
            criteria=criteria,
            note=options["note"],
            ticket=options["ticket"],
            happened_at=options["happened_at"],
            counts=preview.counts,
        )
        if not options["json"]:
            command.stdout.write(
                f"Incident {incident.pk} is in force: all of these are refused from now on."
                if incident.rule
                else f"Incident {incident.pk} ends them in batches."
            )
        if not options["later"]:
            _carry_out(command, incident, options)
        elif options["json"]:
            write_json(command.stdout, incident_status(incident=incident))
    if not preview.counts.sessions:
        raise CommandError("Nothing that matches is signed in.", returncode=ExitCode.NOTHING_MATCHED)


def _carry_out(command: BaseCommand, incident: Incident, options: dict[str, Any]) -> None:
    """Do the worker's work here. A worker may take batches, too; what this leaves when it is interrupted it finds."""
    # Standard output may be read by a program.
    out = command.stderr if options["json"] else command.stdout
    progress = Progress(partial(out.write, style_func=str), quiet=not options["verbosity"])
    assert incident.ending is not None
    while end_batches(ending=incident.ending, seconds=SLICE):
        progress.say(f"  {receipt_of(incident.ending).ended:,} ended")
    _status(command, _incident(incident.pk), json=options["json"])


def _confirm(command: BaseCommand, criteria: Criteria, preview: Preview) -> None:
    """Ask for the number of sessions, which nobody types by mistake; on standard error, because standard output may be
    read by a program. Raises `CommandError` for any other, and where nobody can be asked."""
    command.stderr.write(_in_words(criteria, preview), style_func=str)
    command.stderr.write("Type the number of sessions to go on: ", style_func=str, ending="")
    command.stderr.flush()
    try:
        answer = input()
    except EOFError:
        raise CommandError(
            "There is nobody to ask. Use --no-input to go on without asking. Nothing was done."
        ) from None
    if answer.replace(",", "").strip() != str(preview.counts.sessions):
        raise CommandError("Not confirmed. Nothing was done.")


def _say_how_many(command: BaseCommand, criteria: Criteria, preview: Preview, *, json: bool) -> None:
    if not json:
        command.stdout.write(_in_words(criteria, preview))
        return
    write_json(
        command.stdout,
        {
            "criteria": criteria.to_json(),
            "to_end": preview.counts.sessions,
            "people": preview.counts.people,
            "at_once": criteria.rule is not None,
            "in_force_after": preview.in_force_after.total_seconds(),
            "done_after": preview.done_after.total_seconds(),
        },
    )


def _in_words(criteria: Criteria, preview: Preview) -> str:
    counts = preview.counts
    in_force = (
        "at once" if criteria.rule else f"in batches, the last after {duration_text(preview.in_force_after)}"
    )
    return "\n".join(
        [
            *(f"{name}: {value}" for name, value in criteria.in_words()),
            f"Sessions to end: {counts.sessions:,} of {counts.people:,} people",
            f"Refused: {in_force}; in the history: {duration_text(preview.done_after)}",
        ]
    )


def _status(command: BaseCommand, incident: Incident, *, json: bool) -> None:
    """Say how far it has come. Raises `CommandError` while something is left, or was refused by the database: a script
    asks until it is over."""
    status = incident_status(incident=incident)
    if json:
        write_json(command.stdout, status)
    else:
        command.stdout.write(f"Incident {incident.pk}: {incident.state.label}")
        if incident.ending is not None:
            command.stdout.write(
                f"Sessions ended: {status['ended']:,} of {incident.ending.total:,}; "
                f"ended otherwise: {status['already_ended']:,}; failed: {status['failed']:,}"
            )
    if incident.state not in OVER or status["failed"]:
        raise CommandError(
            f"Incident {incident.pk} is not over: {incident.state.label}, {status['failed']:,} failed.",
            returncode=ExitCode.NOT_DONE,
        )


def _list(command: BaseCommand, options: dict[str, Any]) -> None:
    """List the newest ones, in a fixed number of statements for each."""
    rows = Incident.objects.select_related("ending").order_by("-pk")
    found = list(rows[: options["limit"] + 1])
    incidents = found[: options["limit"]]
    with for_whoever_reads(command.stdout):
        if options["json"]:
            write_json_lines(command.stdout, (incident_status(incident=each) for each in incidents))
            return
        statuses = [incident_status(incident=each) for each in incidents]
        names = names_of(status["actor"] for status in statuses)
        table = [_cells(each, status, names) for each, status in zip(incidents, statuses, strict=True)]
        write_table(command.stdout, HEADS, table)
    if len(found) > len(incidents):
        command.stderr.write("There are more. Use --limit or --json", style_func=str)


def _cells(incident: Incident, status: dict[str, Any], names: dict[str, str]) -> list[Any]:
    about = "; ".join(f"{name}: {value}" for name, value in Criteria.from_json(incident.criteria).in_words())
    return [
        incident.pk,
        short(moment_text(incident.created_at)),
        person(status["actor"], names),
        status["state"],
        incident.sessions,
        status["ended"],
        status["already_ended"],
        status["failed"],
        incident.ticket,
        about,
    ]


def _step(
    command: BaseCommand, options: dict[str, Any], pk: int, action: Any, done: str, otherwise: str
) -> None:
    incident = _incident(pk)
    if not action(incident=incident):
        raise CommandError(otherwise)
    if options["json"]:
        write_json(command.stdout, incident_status(incident=incident))
    else:
        command.stdout.write(f"{done}: incident {pk}")


def _incident(pk: int) -> Incident:
    incident = Incident.objects.select_related("ending").filter(pk=pk).first()
    if incident is None:
        raise CommandError(f"There is no incident {pk}.")
    return incident


def _criteria(options: dict[str, Any]) -> Criteria:
    groups = dict(Group.objects.filter(name__in=options["group"]).values_list("name", "pk"))
    if unknown := [name for name in options["group"] if name not in groups]:
        raise CommandError(f"--group: there is no group {unknown[0]!r}.")
    return Criteria(
        everyone=options["everyone"],
        staff=options["staff"],
        users=tuple(dict.fromkeys(str(account_called("--user", name)) for name in options["user"])),
        groups=tuple(sorted(groups.values())),
        organization_id=options["organization"] or "",
        since=options["since"],
        before=options["before"],
        network=options["network"] or "",
        country=(options["country"] or "").upper(),
        client=options["client"] or "",
        method=options["method"] or "",
        unconfirmed=options["unconfirmed"],
    )
