"""What an incident has ended, a line a session, as CSV or JSON; in constant memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q

from sessions_ui.actions.endings.bulk.progress import receipt_of
from sessions_ui.actions.incidents.rights import verify_may_order
from sessions_ui.actions.incidents.steps import note_step
from sessions_ui.database import moments
from sessions_ui.models import Act, Event, Incident
from sessions_ui.models.primary import with_users
from sessions_ui.protocols import HasPk
from sessions_ui.wording.spreadsheet import csv_text

COLUMNS = (
    "session",
    "user",
    "name",
    "device",
    "address",
    "country",
    "signed_in_at",
    "ended_at",
    "reason",
    "first_refused_at",
    "tabs_told_at",
    "act",
)
FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
PAGE = 2_000  # events that are read at once


def export_incident(*, incident: Incident, form: str, actor: HasPk | None = None) -> Iterator[str]:
    """Return the text of the result in pieces; `form` is "csv" or "json". That somebody took it is an event.

    Raises `IncidentRefused` for whoever may not order incidents, and `ValueError` for another form.
    """
    if form not in FORMATS:
        raise ValueError(f"no such form: {form!r}")
    verify_may_order(actor)
    note_step("exported", actor=actor, incident=incident, format=form)
    return as_csv(incident) if form == "csv" else as_json(incident)


def incident_status(*, incident: Incident, actor: HasPk | None = None) -> dict[str, Any]:
    """Return the order and how far it has come by now, as JSON knows values: what the JSON of the export begins with.

    `state` is one of `Incident.State`; `found` what it was about when it was asked for; `ended`, `already_ended` and
    `failed` are sessions. Raises `IncidentRefused` for whoever may not order incidents. Looking is no event.
    """
    verify_may_order(actor)
    incident = Incident.objects.select_related("ending").get(pk=incident.pk)
    return summary_of(incident)


def lines_of(incident: Incident) -> Iterator[dict[str, Any]]:
    """Yield the sessions that ended for this incident, in the order in which they did."""
    acts = Act.objects.filter(Q(ending__isnull=False), ending=incident.ending_id).order_by("at", "pk")
    for act in list(acts.values_list("pk", flat=True)) if incident.ending_id else ():
        after = 0
        while events := _page(act, after):
            yield from map(_line, events)
            after = events[-1].pk


def _page(act: Any, after: int) -> list[Event]:
    ended = Event.objects.filter(act_id=act, kind=Event.Kind.ENDED, pk__gt=after).order_by("pk")
    joined = with_users(ended.select_related("session", "device").defer("session__payload"), "user")
    return list(joined[:PAGE])


def _line(event: Event) -> dict[str, Any]:
    """Return the line for an event. The session may have been purged since, and the account be gone."""
    session = event.session
    values = {
        "session": session.public_id if session else "",
        "user": str(event.user_id),
        "name": str(event.user) if event.user else "",
        "device": event.device.title if event.device else "",
        "address": session.address if session else None,
        "country": session.first_country if session else "",
        "signed_in_at": session.signed_in_at if session else None,
        "ended_at": event.at,
        "reason": event.reason,
        "first_refused_at": session.refused_at if session else None,
        "tabs_told_at": session.tabs_told_at if session else None,
        "act": str(event.act_id),
    }
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moments.aware(value).isoformat()
    return value if value is None else str(value)


def as_csv(incident: Incident) -> Iterator[str]:
    """Yield a CSV file (RFC 4180), with names in the first line and no cell that a spreadsheet calculates."""
    yield csv_text([COLUMNS])
    for line in lines_of(incident):
        yield csv_text([[line[name] for name in COLUMNS]])


def as_json(incident: Incident) -> Iterator[str]:
    """Yield one JSON object: what was ordered and how far it has come, and a list `sessions`."""
    head = json.dumps(summary_of(incident), ensure_ascii=False)
    yield head[:-1] + ', "sessions": ['
    yield from _joined(json.dumps(line, ensure_ascii=False) for line in lines_of(incident))
    yield "]}\n"


def _joined(texts: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        yield f",\n{text}" if number else f"\n{text}"


def summary_of(incident: Incident) -> dict[str, Any]:
    """Return the order and its outcome, as JSON knows values."""
    receipt = receipt_of(incident.ending) if incident.ending else None
    done_at = incident.ending.done_at if incident.ending else None
    return {
        "incident": incident.pk,
        "criteria": incident.criteria,
        "state": str(incident.state),
        "reason": incident.note,
        "ticket": incident.ticket,
        "actor": _plain(incident.actor_id),
        "approved_by": _plain(incident.approved_by_id),
        "happened_at": _plain(incident.happened_at),
        "asked_for_at": _plain(incident.created_at),
        "in_force_at": _plain(incident.ordered_at),
        "done_at": _plain(done_at),
        "found": {"sessions": incident.sessions, "people": incident.people},
        "ended": receipt.ended if receipt else 0,
        "already_ended": receipt.already_ended if receipt else 0,
        "failed": receipt.failed if receipt else 0,
    }
