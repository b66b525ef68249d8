"""`manage.py sessions show`: all about one session."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from sessions_ui.actions.sessions.selection import Selection, State, listed
from sessions_ui.assurance import Level
from sessions_ui.management.output import add_json, write_fields, write_json, write_table
from sessions_ui.management.sessions.records import (
    key_text,
    moment_text,
    names_of,
    person,
    session_record,
    short,
)
from sessions_ui.models import Act, Device, Event, Session

HELP = "Show all about one session: device, place, how it was signed in, who ended it and why, its events."
EVENTS = 100  # the newest; a session that lives for years confirms itself every day
MOMENTS = ("_at", "_since")


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("session", metavar="ID", help="The id of a session, as `list` and webhooks have it.")
    add_json(parser, "a document")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    rows = listed(selection=Selection(), state=State.ALL).filter(public_id=options["session"])
    session = rows.select_related("device", "act", "impersonated_from").first()
    if session is None:
        raise CommandError(f"There is no session with the id {options['session']!r}.")
    document = _document(session)
    if options["json"]:
        write_json(command.stdout, document)
    else:
        _write(command, document)


def _document(session: Session) -> dict[str, Any]:
    newest = list(_events(session)[: EVENTS + 1])
    return {
        **session_record(session),
        "backend": session.backend,
        "iss": session.iss,
        "aal": int(session.assurance_level) or None,
        "amr": session.amr,
        "acr": session.acr,
        "authentication": session.authentication or [],
        "user_agent": session.user_agent,
        "first_user_agent": session.first_user_agent,
        "place": session.place,
        "first_place": session.first_place,
        "verdict": session.verdict,
        "verdict_reasons": session.verdict_reasons or [],
        "reviewed_at": moment_text(session.reviewed_at),
        "impersonation_reason": session.impersonation_reason,
        "impersonated_from": session.impersonated_from.public_id if session.impersonated_from else None,
        "latest_end_at": moment_text(session.latest_end_at),
        "untrusted_since": moment_text(session.untrusted_since),
        "refused_at": moment_text(session.refused_at),
        "tabs_told_at": moment_text(session.tabs_told_at),
        "device_details": _device(session.device) if session.device else None,
        "act_details": _act(session.act) if session.act else None,
        "events": [_event(event) for event in reversed(newest[:EVENTS])],
        "more_events": len(newest) > EVENTS,
    }


def _device(device: Device) -> dict[str, Any]:
    times = ("first_seen_at", "confirmed_at", "lost_at", "copied_at", "not_me_at")
    return {
        "maker": device.maker,
        "model": device.model,
        **{name: moment_text(getattr(device, name)) for name in times},
    }


def _act(act: Act) -> dict[str, Any]:
    return {
        "at": moment_text(act.at),
        "reason": act.reason,
        "actor": key_text(act.actor_id),
        "ticket": act.ticket,
        "note": act.note,
        "happened_at": moment_text(act.happened_at),
        "count": act.count,
        "ending": act.ending_id,
    }


def _events(session: Session) -> QuerySet[Event]:
    """Return its events, the newest first. Only the index of the user has all kinds."""
    rows = Event.objects.filter(session=session.pk).order_by("-pk")
    if session.user_id is not None:
        rows = rows.filter(user_id=session.user_id)
    return rows.select_related("detail")


def _event(event: Event) -> dict[str, Any]:
    detail = getattr(event, "detail", None)
    return {
        "id": event.pk,
        "at": moment_text(event.at),
        "kind": event.kind,
        "actor": key_text(event.actor_id),
        "act": key_text(event.act_id),
        "reason": event.reason,
        "ticket": event.ticket,
        "request": event.request_id,
        "address": detail.address if detail else None,
        "text": detail.text if detail else "",
        "data": event.data,
    }


def _write(command: BaseCommand, document: dict[str, Any]) -> None:
    """Write the document for people: names beside keys, nothing that is empty, times to the second."""
    act = document.pop("act_details") or {}
    device = document.pop("device_details") or {}
    events, more = document.pop("events"), document.pop("more_events")
    keys = [document["user"], document["actor"], document["impersonator"], act.get("actor")]
    names = names_of([*keys, *(event["actor"] for event in events)])
    for part, name in ((document, "user"), (document, "actor"), (document, "impersonator"), (act, "actor")):
        if (key := part.get(name)) is not None:
            part[name] = f"{person(key, names)} ({key})" if key in names else person(key, names)
    document["aal"] = Level(document["aal"]).name if document["aal"] else ""
    document["authentication"] = [one.get("method", "") for one in document["authentication"]]
    write_fields(command.stdout, _shortened(document))
    for title, part in (("Device", device), ("Act", act)):
        if part:
            command.stdout.write(f"{title}:")
            write_fields(command.stdout, _shortened(part), indent="  ")
    command.stdout.write("Events, the newest last:" if not more else f"The newest {EVENTS} events:")
    heads = ("at", "event", "reason", "by", "address", "data")
    rows = [
        (
            short(each["at"]),
            each["kind"],
            each["reason"],
            person(each["actor"], names),
            each["address"],
            each["data"],
        )
        for each in events
    ]
    write_table(command.stdout, heads, rows)


def _shortened(part: dict[str, Any]) -> list[tuple[str, Any]]:
    return [
        (name, short(value) if isinstance(value, str) and name.endswith((*MOMENTS, "at")) else value)
        for name, value in part.items()
    ]
