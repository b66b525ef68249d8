"""Many people at once: by criteria, counted first, ordered, and followed until all is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Path, Router, Status
from pydantic import Field, StrictBool, StrictInt, StringConstraints

from sessions_ui.actions.incidents.criteria import Criteria
from sessions_ui.actions.incidents.order import order_incident
from sessions_ui.actions.incidents.preview import count, preview_incident
from sessions_ui.actions.incidents.result import incident_status
from sessions_ui.actions.incidents.rights import verify_may_order
from sessions_ui.actions.incidents.stop import resume_incident, stop_incident
from sessions_ui.api.json.auth import programs
from sessions_ui.api.json.fields import NO_NUL, WHOLE, Body, Moment, Note, Shape, Ticket, moment
from sessions_ui.api.json.paging import LARGEST_KEY, Cursor, Limit, Page, page_of
from sessions_ui.api.json.problems import Problem
from sessions_ui.api.json.programs.people import keys_of
from sessions_ui.api.json.programs.shapes import text
from sessions_ui.exceptions import IncidentRefusal, IncidentRefused
from sessions_ui.models import Incident, Session

router = Router(tags=["Incidents"])
ORDER = programs("incidents:order")
MOST_KEYS = 1_000

IncidentId = Annotated[int, Path(ge=1, le=LARGEST_KEY, description="The id of the incident.")]
Key = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]
GroupKey = Annotated[StrictInt, Field(ge=1, le=LARGEST_KEY), WHOLE]


class CriteriaBody(Body):
    """Whom it is about. What is left out does not count; of the others a sign-in meets every one."""

    everyone: StrictBool = False
    staff: StrictBool = False
    users: Annotated[list[Key], Field(max_length=MOST_KEYS)] = []
    groups: Annotated[list[GroupKey], Field(max_length=MOST_KEYS)] = []
    organization_id: Annotated[str, StringConstraints(max_length=255, pattern=NO_NUL)] = ""
    since: Moment | None = None
    before: Moment | None = None
    network: Annotated[str, StringConstraints(max_length=64, pattern=NO_NUL)] = ""
    country: Annotated[str, StringConstraints(pattern=r"^([A-Za-z]{2})?$")] = ""
    client: Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)] = ""
    method: Annotated[str, StringConstraints(max_length=32, pattern=NO_NUL)] = ""
    unconfirmed: StrictBool = False

    def criteria(self) -> Criteria:
        said = self.model_dump(include=set(CriteriaBody.model_fields))
        return Criteria(**{**said, "users": keys_of(self.users), "groups": tuple(self.groups)})


class Question(CriteriaBody):
    include_own: StrictBool = Field(False, description="Whether the token that asks is to end, too.")


class Order(Body):
    criteria: CriteriaBody
    note: Note
    ticket: Ticket = ""
    happened_at: Moment | None = None
    include_own: StrictBool = False
    at_most: Annotated[StrictInt, Field(ge=0, le=LARGEST_KEY), WHOLE] | None = Field(
        None,
        description="Refused (409) where it is about more sign-ins than this: what the preview has counted.",
    )


class Found(Shape):
    sessions: int
    people: int


class Example(Shape):
    """One that is meant: enough to see whether the criteria say what they should, and no more than the order needs."""

    id: str
    user: str | None
    kind: str
    signed_in_at: datetime | None


class PreviewShape(Found):
    includes_own: bool = Field(
        description="Whether the token that asks meets the criteria, too. It is counted with `include_own` only."
    )
    in_force_after: float = Field(description="Seconds until all of them are refused.")
    done_after: float = Field(description="Seconds until their rows say so, too.")
    needs_approval: bool = Field(description="Whether a second administrator has to agree.")
    examples: list[Example]


class IncidentShape(Shape):
    id: int
    state: str = Field(description="`waiting`, `declined`, `lapsed`, `running`, `stopped` or `done`.")
    criteria: dict[str, Any]
    asked_for_at: datetime
    in_force_at: datetime | None
    found: Found


class IncidentStatus(IncidentShape):
    note: str
    ticket: str
    actor: str | None
    approved_by: str | None
    happened_at: datetime | None
    done_at: datetime | None
    ended: int
    already_ended: int
    failed: int


class Incidents(Page):
    data: list[IncidentShape]


class Done(Shape):
    done: bool = Field(description="False where it was so already.")


@router.post(
    "/admin/incidents/preview", auth=ORDER, response=PreviewShape, summary="Count what meets criteria"
)
def preview(request: HttpRequest, body: Question) -> Any:
    """What would come of it. Nothing is ended; that somebody looked is an event."""
    with understood():
        seen = preview_incident(criteria=body.criteria(), actor=_user(request), include_own=body.include_own)
    return {
        "sessions": seen.counts.sessions,
        "people": seen.counts.people,
        "includes_own": seen.counts.includes_own,
        "in_force_after": seen.in_force_after.total_seconds(),
        "done_after": seen.done_after.total_seconds(),
        "needs_approval": seen.needs_approval,
        "examples": [_example(session) for session in seen.examples],
    }


def _example(session: Session) -> dict[str, Any]:
    return {
        "id": session.public_id,
        "user": text(session.user_id),
        "kind": session.kind,
        "signed_in_at": moment(session.signed_in_at),
    }


@router.post("/admin/incidents", auth=ORDER, response={201: IncidentStatus}, summary="Order an incident")
def order(request: HttpRequest, body: Order) -> Any:
    """Sign out whoever meets the criteria. Where the site asks for it, nothing is in force before a second
    administrator has approved it in the administration (`waiting`)."""
    user = _user(request)
    with understood():
        verify_may_order(user)
        criteria = body.criteria.criteria()
        criteria.verify()
        counts = count(criteria, user, include_own=body.include_own)
        if body.at_most is not None and counts.sessions > body.at_most:
            title = "More sign-ins are affected by now than you expected."
            raise Problem(409, "more-than-expected", title, sessions=counts.sessions, people=counts.people)
        incident = order_incident(
            criteria=criteria,
            note=body.note,
            actor=user,
            ticket=body.ticket,
            happened_at=body.happened_at,
            include_own=body.include_own,
            counts=counts,
        )
    return Status(201, _status(request, incident))


@router.get("/admin/incidents", auth=ORDER, response=Incidents, summary="List incidents")
def list_incidents(request: HttpRequest, limit: Limit, cursor: Cursor) -> Any:
    found, following = page_of(Incident.objects.select_related("ending"), limit=limit, cursor=cursor)
    return {"data": [_shape(incident) for incident in found], "next": following}


@router.get("/admin/incidents/{int:incident_id}", auth=ORDER, response=IncidentStatus, summary="One incident")
def one_incident(request: HttpRequest, incident_id: IncidentId) -> Any:
    """The order, and how far it has come."""
    return _status(request, _incident(incident_id))


@router.post("/admin/incidents/{int:incident_id}/stop", auth=ORDER, response=Done, summary="Stop an incident")
def stop(request: HttpRequest, incident_id: IncidentId) -> Any:
    """Begin no further batch. What is in force at once stays so."""
    with understood():
        return {"done": stop_incident(incident=_incident(incident_id), actor=_user(request))}


@router.post(
    "/admin/incidents/{int:incident_id}/resume", auth=ORDER, response=Done, summary="Go on with an incident"
)
def resume(request: HttpRequest, incident_id: IncidentId) -> Any:
    with understood():
        return {"done": resume_incident(incident=_incident(incident_id), actor=_user(request))}


@contextmanager
def understood() -> Iterator[None]:
    """Word a refusal: criteria that cannot be meant are a mistake of the program, and no lack of rights."""
    try:
        yield
    except IncidentRefused as error:
        if error.reason is IncidentRefusal.NOT_ALLOWED:
            raise
        title = "These criteria are not valid."
        raise Problem(422, "incident-refused", title, reason=str(error.reason)) from None


def _incident(key: int) -> Incident:
    incident = Incident.objects.filter(pk=key).select_related("ending").first()
    if incident is None:
        raise Http404
    return incident


def _shape(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.pk,
        "state": str(incident.state),
        "criteria": incident.criteria,
        "asked_for_at": moment(incident.created_at),
        "in_force_at": moment(incident.ordered_at),
        "found": {"sessions": incident.sessions, "people": incident.people},
    }


def _status(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    said = incident_status(incident=incident, actor=_user(request))
    return {**said, "id": said["incident"], "note": said["reason"]}


def _user(request: HttpRequest) -> Any:
    return request.user
