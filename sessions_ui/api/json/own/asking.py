"""What a person would be asked on a page is refused here, with the page that asks it: a program can show nothing.

A token is asked for nothing. Its owner was, when they gave it the scope."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from sessions_ui import context
from sessions_ui.api.json.problems import Problem
from sessions_ui.models import Device
from sessions_ui.models.session import SessionQuerySet
from sessions_ui.web.step_up.prove import lacks_proof_to_end, lacks_proof_to_rename
from sessions_ui.web.step_up.reauthentication import reauthentication


def is_by_token() -> bool:
    now = context.current()
    return now is not None and now.bearer is not None


def acting_id() -> int | None:
    """Return the primary key of the session that asks."""
    now = context.current()
    return None if now is None else now.session_id


def verify_may_end(request: HttpRequest, ends: SessionQuerySet, *, bridged: bool = False) -> None:
    """Raise `Problem` where a page would ask who is there, or for a further proof, before these sessions end, and with
    `bridged` what other packages let in."""
    context.require_owner()
    if is_by_token():
        return
    if not reauthentication(request).is_fresh():
        raise needed("reauthentication-needed", "Confirm who you are in a browser, then try again.")
    if lacks_proof_to_end(request, ends=ends, bridged=bridged) is not None:
        raise further_proof_needed()


def verify_may_rename(request: HttpRequest, device: Device) -> None:
    """Raise `Problem` where a page would ask for a further proof before the device gets this name. A token is asked for
    nothing, and staff never uses an account by one."""
    if not is_by_token() and lacks_proof_to_rename(request, device) is not None:
        raise further_proof_needed()


def further_proof_needed() -> Problem:
    return needed("further-proof-needed", "This needs a further proof. Use a browser to give it.")


def needed(kind: str, title: str) -> Problem:
    try:
        return Problem(403, kind, title, page=reverse("sessions_ui:devices"))
    except NoReverseMatch:  # a host without the pages
        return Problem(403, kind, title)
