"""The history, read in the order of the sealed log: whoever has read up to a place has missed nothing below it,
whatever commits late (docs/evidence.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from sessions_ui.api.json.auth import programs
from sessions_ui.api.json.fields import Shape, moment
from sessions_ui.api.json.paging import LARGEST_KEY
from sessions_ui.api.json.problems import Problem
from sessions_ui.api.json.programs.shapes import text
from sessions_ui.models import Event, Seal

router = Router(tags=["Events"])

MOST = 1_000
COLUMNS = (
    "id",
    "at",
    "kind",
    "user_id",
    "actor_id",
    "session__public_id",
    "device__public_id",
    "act_id",
    "reason",
    "ticket",
    "request_id",
    "data",
    "detail__address",
    "detail__user_agent",
    "detail__text",
)


class EventShape(Shape):
    position: int = Field(description="The place in the sealed log: without a gap, and never another one.")
    id: int
    at: datetime
    kind: str
    user: str | None
    actor: str | None
    session: str | None
    device: str | None
    act: str | None
    reason: str
    ticket: str
    request: str
    address: str | None
    user_agent: str
    text: str
    data: dict[str, Any]


class Events(Shape):
    data: list[EventShape]
    next: int = Field(description="The place to go on after, also where there is nothing yet.")
    more: bool = Field(description="Whether there is more already.")


@router.get(
    "/admin/events", auth=programs("events:read"), response=Events, summary="Events since a place in the log"
)
def events(
    request: HttpRequest,
    after: Annotated[
        int, Query(0, ge=0, le=LARGEST_KEY, description="`next` of the answer before; 0 to begin.")
    ],
    limit: Annotated[int, Query(100, ge=1, le=MOST, description="How many at most.")],
) -> Any:
    """Events in the order of the log. An event has its place as soon as it is sealed, within a minute of its commit.
    What is older than the site keeps is gone: a reader that is as far behind as that is told so (410)."""
    above = Seal.objects.filter(position__gt=after).order_by("position")
    seals = list(above.values_list("position", "event_id")[: limit + 1])
    if seals and after and seals[0][0] != after + 1:
        _tell_of_cut(after, seals[0][0])
    part = seals[:limit]
    found = Event.objects.filter(pk__in=[event for _position, event in part]).values(*COLUMNS)
    rows = {row["id"]: row for row in found}
    # One whose row is gone was removed by somebody: `verify_events` reports it.
    data = [_shape(position, rows[event]) for position, event in part if event in rows]
    return {"data": data, "next": part[-1][0] if part else after, "more": len(seals) > limit}


def _tell_of_cut(after: int, first: int) -> None:
    """Raise `Problem` where the events after this place were removed because they were old."""
    if not Seal.objects.filter(position__lte=after).exists():
        raise Problem(
            410, "log-was-cut", "What came after this place was removed because it was old.", first=first
        )


def _shape(position: int, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "position": position,
        "id": row["id"],
        "at": moment(row["at"]),
        "kind": row["kind"],
        "user": text(row["user_id"]),
        "actor": text(row["actor_id"]),
        "session": row["session__public_id"],
        "device": row["device__public_id"],
        "act": text(row["act_id"]),
        "reason": row["reason"],
        "ticket": row["ticket"],
        "request": row["request_id"],
        "address": row["detail__address"],
        "user_agent": row["detail__user_agent"] or "",
        "text": row["detail__text"] or "",
        "data": row["data"],
    }
