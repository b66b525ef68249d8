"""What a person would be asked on a page is refused here, with the page that asks it: a program can show nothing.

A token is asked for nothing. Its owner was, when they gave it the scope."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from sessions_ui import context
from sessions_ui.actions.step_up.codes import is_proven
from sessions_ui.actions.step_up.policy import acting_session, ends_older
from sessions_ui.api.json.problems import Problem
from sessions_ui.models import Device, Session, VerificationCode
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.web.step_up.prove import stands_above
from sessions_ui.web.step_up.reauthentication import reauthentication


def is_by_token() -> bool:
    now = context.current()
    return now is not None and now.bearer is not None


def acting_id() -> int | None:
    """Return the primary key of the session that asks."""
    now = context.current()
    return None if now is None else now.session_id


def verify_may_end(request: HttpRequest, ends: SessionQuerySet) -> None:
    """Raise `Problem` where a page would ask who is there, or for a further proof, before these sessions end."""
    context.require_owner()
    if is_by_token():
        return
    if not reauthentication(request).is_fresh():
        raise needed("reauthentication-needed", "Confirm in a browser who you are; then ask again.")
    session = acting_session()
    if session is not None and ends_older(session, ends):
        _verify_proven(request, session, VerificationCode.Purpose.END_OLDER)


def verify_may_rename(request: HttpRequest, device: Device) -> None:
    """Raise `Problem` where a page would ask for a further proof before the device gets this name."""
    context.require_owner()
    session = None if is_by_token() else acting_session()
    if session is not None and session.device_id != device.pk and stands_above(device, session):
        _verify_proven(request, session, VerificationCode.Purpose.CONFIRM)


def _verify_proven(request: HttpRequest, session: Session, purpose: Any) -> None:
    if not is_proven(user=request.user, session=session, purpose=purpose):
        raise needed("further-proof-needed", "This takes a further proof, which a browser asks for.")


def needed(kind: str, title: str) -> Problem:
    try:
        return Problem(403, kind, title, page=reverse("sessions_ui:devices"))
    except NoReverseMatch:  # a host without the pages
        return Problem(403, kind, title)
