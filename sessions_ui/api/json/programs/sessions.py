"""Sign-ins of anybody: see them, and end one, all of a device, or all of an account."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from ninja import Query, Router
from pydantic import BeforeValidator, Field, StrictBool, StrictFloat, StrictInt, StringConstraints

from sessions_ui.actions.endings.end import end_sessions, end_user_sessions
from sessions_ui.actions.sessions.metadata import LARGEST, LONGEST, LONGEST_NAME, MOST_NAMES, set_metadata
from sessions_ui.actions.sessions.selection import State, in_state
from sessions_ui.api.json.auth import programs
from sessions_ui.api.json.fields import NO_NUL, Body, Moment, Note, PublicId, Shape, Ticket, UserId
from sessions_ui.api.json.paging import Cursor, Limit, Page, page_of
from sessions_ui.api.json.problems import Problem
from sessions_ui.api.json.programs.people import key_of, person
from sessions_ui.api.json.programs.shapes import AnySession, any_session
from sessions_ui.api.json.shapes import Ended, receipt_shape
from sessions_ui.exceptions import SessionEnded
from sessions_ui.models import Device, EndReason, Session
from sessions_ui.models.session import SessionQuerySet

router = Router(tags=["Everybody's sessions"])


class AnySessions(Page):
    data: list[AnySession]


Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=NO_NUL)]
Text = Annotated[str, StringConstraints(max_length=LONGEST, pattern=NO_NUL)]
Whole = Annotated[StrictInt, Field(ge=-LARGEST, le=LARGEST)]


def _with_fraction(value: Any) -> Any:
    """Raise `ValueError` for a whole number: one that is too large would become another one, as a float."""
    if isinstance(value, int):
        raise ValueError("a whole number")
    return value


Number = Annotated[
    StrictFloat, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False), BeforeValidator(_with_fraction)
]


class Metadata(Body):
    metadata: Annotated[
        dict[Name, Text | StrictBool | Whole | Number | None],
        # Else the document allows any value of a name that is none: one with a NUL.
        Field(max_length=MOST_NAMES, json_schema_extra={"additionalProperties": False}),
    ]


class Kept(Shape):
    """What is kept, and no more: whoever may write it may not see the sign-in for that."""

    id: str
    metadata: dict[str, Any]


class Why(Body):
    """Why they end. `note` and `ticket` are for administrators only; `happened_at` is when trust ended, where that was
    before now."""

    note: Note
    ticket: Ticket = ""
    happened_at: Moment | None = None

    def options(self, request: HttpRequest) -> dict[str, Any]:
        """Return the arguments of the action."""
        return {
            "reason": EndReason.ADMINISTRATOR,
            "actor": request.user,
            "note": self.note,
            "ticket": self.ticket,
            "happened_at": self.happened_at,
        }


@router.get(
    "/admin/users/{user_id}/sessions",
    auth=programs("sessions:admin:read"),
    response=AnySessions,
    summary="Sign-ins of an account",
)
def sessions_of_user(
    request: HttpRequest,
    user_id: UserId,
    limit: Limit,
    cursor: Cursor,
    state: Literal["living", "ended", "all"] = Query("living", description="Which of them."),
) -> Any:
    """Sign-ins and access tokens of the account, the newest first."""
    try:
        rows = all_sessions().filter(user_id=key_of(user_id))
    except ValueError:
        raise Http404 from None
    found, following = page_of(in_state(rows, State(state)), limit=limit, cursor=cursor)
    if not found:
        person(user_id)  # 404 where there is no such account
    return {"data": [any_session(session) for session in found], "next": following}


@router.post(
    "/admin/users/{user_id}/end",
    auth=programs("sessions:admin:end"),
    response=Ended,
    summary="End all of an account",
)
def end_of_user(request: HttpRequest, user_id: UserId, body: Why) -> Any:
    """End everything that can act for the account: sign-ins, access tokens, and what other packages keep for it."""
    return receipt_shape(end_user_sessions(user=person(user_id), **body.options(request)))


@router.get(
    "/admin/sessions/{session_id}",
    auth=programs("sessions:admin:read"),
    response=AnySession,
    summary="Any sign-in",
)
def any_one(request: HttpRequest, session_id: PublicId) -> Any:
    return any_session(session_by_id(session_id))


@router.post(
    "/admin/sessions/{session_id}/end",
    auth=programs("sessions:admin:end"),
    response=Ended,
    summary="End any sign-in",
)
def end_any(request: HttpRequest, session_id: PublicId, body: Why) -> Any:
    """End it for good. Ending it again changes nothing."""
    session = session_by_id(session_id)
    chosen = Session.objects.filter(pk=session.pk)
    return receipt_shape(end_sessions(sessions=chosen, **body.options(request)))


@router.post(
    "/admin/devices/{device_id}/end",
    auth=programs("sessions:admin:end"),
    response=Ended,
    summary="End all of a device",
)
def end_of_device(request: HttpRequest, device_id: PublicId, body: Why) -> Any:
    device = Device.objects.filter(public_id=device_id).first()
    if device is None:
        raise Http404
    chosen = Session.objects.filter(device_id=device.pk)
    return receipt_shape(end_sessions(sessions=chosen, **body.options(request)))


@router.put(
    "/admin/sessions/{session_id}/metadata",
    auth=programs("sessions:admin:write"),
    response=Kept,
    summary="Keep data with a sign-in",
)
def keep_metadata(request: HttpRequest, session_id: PublicId, body: Metadata) -> Any:
    """Keep these names and values with it, in place of those that were there. Administrators see them, and so do
    webhooks about its end. Of one that has ended they stay as they are."""
    session = session_by_id(session_id)
    try:
        set_metadata(session=session, metadata=body.metadata, actor=request.user)
    except SessionEnded:
        if session_by_id(session_id).is_living:
            raise  # it was the token that asks
        raise Problem(
            409, "session-over", "The session has ended, so the data kept with it cannot be changed."
        ) from None
    return {"id": session.public_id, "metadata": body.metadata}


def all_sessions() -> SessionQuerySet:
    """Return what somebody has signed in to; an anonymous row is nobody's."""
    rows: SessionQuerySet = Session.objects.filter(user__isnull=False, signed_in_at__isnull=False)
    return rows.select_related("device").defer("payload")


def session_by_id(public_id: str) -> Session:
    session = all_sessions().with_containment().filter(public_id=public_id).first()
    if session is None:
        raise Http404
    return session
